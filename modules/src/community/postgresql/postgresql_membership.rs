//! `community.postgresql.postgresql_membership`: which roles are members of which.

use serde_json::{Value, json};

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_membership", ARGS, run).shared_args(LOGIN_ARGS);

const ARGS: &[Arg] = &[
    Arg::list("groups").required().alias(&["group", "source_role", "source_roles"]),
    Arg::list("target_roles").required().alias(&["target_role", "users", "user"]),
    Arg::bool("fail_on_role").default("true"),
    Arg::str("state").default("present").choices(&["absent", "exact", "present"]),
    Arg::str("login_db").alias(&["db"]),
    Arg::str("session_role"),
    Arg::bool("trust_input").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["groups", "target_roles", "session_role"])?;
    let session = Session::new(args, args.opt_str("login_db").unwrap_or_default(), cx)?;
    let groups = existing(&session, args, "groups", cx)?;
    let roles = existing(&session, args, "target_roles", cx)?;
    let mut plan = Plan::default();
    let state = args.str("state")?;
    match state {
        "exact" => plan.make_exact(&session, &groups, &roles, cx)?,
        _ => plan.change(&session, &groups, &roles, state == "present", cx)?,
    }
    for query in &plan.queries {
        session.execute_or_try(query, cx)?;
    }
    let result = ModuleResult::ok()
        .changed(!plan.queries.is_empty())
        .set("state", state)
        .set("groups", groups)
        .set("target_roles", roles)
        .set("queries", plan.queries);
    let result = if state == "absent" { result } else { result.set("granted", plan.granted) };
    Ok(if state == "present" { result } else { result.set("revoked", plan.revoked) })
}

/// The roles an argument names. Without `fail_on_role`, those that do not exist are left out.
fn existing(session: &Session, args: &Args, argument: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let mut found = Vec::new();
    for role in args.list_of_str(argument) {
        let known = session.value(&format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(&role)), cx)?;
        if known.is_some() {
            found.push(role);
        } else if args.bool("fail_on_role") {
            return Err(ModuleError::failed(format!("Role {role} does not exist")));
        } else {
            cx.warn(format!("Role {role} does not exist, pass"));
        }
    }
    Ok(found)
}

/// The roles of which `role` is a member itself.
fn groups_of(session: &Session, role: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let statement = format!(
        "SELECT DISTINCT pg_get_userbyid(roleid) FROM pg_auth_members WHERE pg_get_userbyid(member) = {} ORDER BY 1",
        literal(role)
    );
    Ok(session.rows(&statement, cx)?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

#[derive(Debug, Default)]
struct Plan {
    queries: Vec<String>,
    /// The roles by their groups.
    granted: Map,
    revoked: Map,
}

impl Plan {
    /// Names each group in the result, also one in which nothing changes.
    fn change(
        &mut self,
        session: &Session,
        groups: &[String],
        roles: &[String],
        wanted: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        let memberships = roles.iter().map(|role| groups_of(session, role, cx)).collect::<Result<Vec<_>, _>>()?;
        for group in groups {
            let shown = if wanted { &mut self.granted } else { &mut self.revoked };
            shown.insert(group.clone(), json!([]));
            for (role, memberships) in roles.iter().zip(&memberships) {
                if memberships.contains(group) != wanted {
                    if wanted { self.grant(group, role) } else { self.revoke(group, role) }
                }
            }
        }
        Ok(())
    }

    fn make_exact(
        &mut self,
        session: &Session,
        groups: &[String],
        roles: &[String],
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        for role in roles {
            let current = groups_of(session, role, cx)?;
            current.iter().filter(|group| !groups.contains(group)).for_each(|group| self.revoke(group, role));
            groups.iter().filter(|group| !current.contains(group)).for_each(|group| self.grant(group, role));
        }
        Ok(())
    }

    fn grant(&mut self, group: &str, role: &str) {
        self.queries.push(format!("GRANT {} TO {}", identifier(group), identifier(role)));
        note(&mut self.granted, group, role);
    }

    fn revoke(&mut self, group: &str, role: &str) {
        self.queries.push(format!("REVOKE {} FROM {}", identifier(group), identifier(role)));
        note(&mut self.revoked, group, role);
    }
}

fn note(roles_by_group: &mut Map, group: &str, role: &str) {
    if let Value::Array(roles) = roles_by_group.entry(group).or_insert_with(|| json!([])) {
        roles.push(role.into());
    }
}
