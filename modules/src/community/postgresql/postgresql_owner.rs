//! `community.postgresql.postgresql_owner`: who owns an object of a PostgreSQL database.

use super::session::{LOGIN_ARGS, Session, identifier, literal, refuse_dangerous};
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("community.postgresql.postgresql_owner", ARGS, run).shared_args(LOGIN_ARGS).constraints(&[
        Constraint::MutuallyExclusive(&["obj_name", "reassign_owned_by"]),
        Constraint::MutuallyExclusive(&["obj_type", "reassign_owned_by"]),
        Constraint::MutuallyExclusive(&["obj_name", "fail_on_role"]),
        Constraint::MutuallyExclusive(&["obj_type", "fail_on_role"]),
    ]);

const ARGS: &[Arg] = &[
    Arg::str("new_owner").required(),
    Arg::str("obj_name"),
    Arg::str("obj_type").alias(&["type"]).choices(&[
        "aggregate",
        "collation",
        "conversion",
        "database",
        "domain",
        "event_trigger",
        "foreign_data_wrapper",
        "foreign_table",
        "function",
        "language",
        "large_object",
        "matview",
        "procedure",
        "publication",
        "routine",
        "schema",
        "sequence",
        "server",
        "statistics",
        "table",
        "tablespace",
        "text_search_configuration",
        "text_search_dictionary",
        "type",
        "view",
    ]),
    Arg::list("reassign_owned_by"),
    Arg::bool("fail_on_role").default("true"),
    Arg::str("login_db").alias(&["db"]),
    Arg::str("session_role"),
    Arg::bool("trust_input").default("true"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    refuse_dangerous(args, &["new_owner", "obj_name", "reassign_owned_by", "session_role"])?;
    let session = Session::new(args, args.opt_str("login_db").unwrap_or_default(), cx)?;
    let owner = args.str("new_owner")?;
    if !exists(&session, owner, cx)? {
        return Err(no_role(owner));
    }
    let query = match (args.opt_str("obj_type"), args.opt_str("obj_name")) {
        (Some(kind), Some(name)) => change_of_owner(&session, Kind::of(kind)?, name, owner, cx)?,
        (None, Some(_)) => return Err(ModuleError::failed("obj_name needs obj_type")),
        _ => reassignment(&session, args, owner, cx)?,
    };
    if let Some(query) = &query {
        session.execute_or_try(query, cx)?;
    }
    Ok(ModuleResult::ok().changed(query.is_some()).set("queries", Vec::from_iter(query)))
}

fn exists(session: &Session, role: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let known = session.value(&format!("SELECT 1 FROM pg_roles WHERE rolname = {}", literal(role)), cx)?;
    Ok(known.is_some())
}

fn no_role(role: &str) -> ModuleError {
    ModuleError::failed(format!("Role '{role}' does not exist"))
}

/// Everything the roles own in this database, whether it is anything or not.
fn reassignment(
    session: &Session,
    args: &Args,
    owner: &str,
    cx: &mut Context<'_>,
) -> Result<Option<String>, ModuleError> {
    let mut roles = Vec::new();
    for role in args.list_of_str("reassign_owned_by") {
        if exists(session, &role, cx)? {
            roles.push(identifier(&role));
        } else if args.bool("fail_on_role") {
            return Err(no_role(&role));
        } else {
            cx.warn(format!("Role '{role}' does not exist, pass"));
        }
    }
    let query = || format!("REASSIGN OWNED BY {} TO {}", roles.join(","), identifier(owner));
    Ok((!roles.is_empty()).then(query))
}

fn change_of_owner(
    session: &Session,
    kind: &Kind,
    name: &str,
    owner: &str,
    cx: &mut Context<'_>,
) -> Result<Option<String>, ModuleError> {
    let rows = session.rows(&kind.owners_of(name), cx)?;
    let mut owners = rows.iter().filter_map(|row| row.first()?.as_deref());
    if !rows.is_empty() && owners.all(|current| current == owner) {
        return Ok(None);
    }
    Ok(Some(format!("ALTER {} {} OWNER TO {}", kind.words, kind.quoted(name), identifier(owner))))
}

/// A kind of object: how SQL calls it, and where the server keeps whose it is.
struct Kind {
    name: &'static str,
    words: &'static str,
    catalog: &'static str,
    /// The columns of its name and of its owner.
    columns: (&'static str, &'static str),
    place: Place,
}

enum Place {
    /// In a schema: the column, and the function that says whether its name is enough.
    Schema(&'static str, &'static str),
    /// The name stands alone.
    Nowhere,
    /// As `Nowhere`, and SQL gets the name as it was given.
    Verbatim,
}

const RELATION: Place = Place::Schema("relnamespace", "pg_table_is_visible");
const ROUTINE: Place = Place::Schema("pronamespace", "pg_function_is_visible");
const TYPE: Place = Place::Schema("typnamespace", "pg_type_is_visible");

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    Kind::new("aggregate", "AGGREGATE", "pg_proc", ("proname", "proowner"), ROUTINE),
    Kind::new("collation", "COLLATION", "pg_collation", ("collname", "collowner"), Place::Schema("collnamespace", "pg_collation_is_visible")),
    Kind::new("conversion", "CONVERSION", "pg_conversion", ("conname", "conowner"), Place::Schema("connamespace", "pg_conversion_is_visible")),
    Kind::new("database", "DATABASE", "pg_database", ("datname", "datdba"), Place::Nowhere),
    Kind::new("domain", "DOMAIN", "pg_type", ("typname", "typowner"), TYPE),
    Kind::new("event_trigger", "EVENT TRIGGER", "pg_event_trigger", ("evtname", "evtowner"), Place::Nowhere),
    Kind::new("foreign_data_wrapper", "FOREIGN DATA WRAPPER", "pg_foreign_data_wrapper", ("fdwname", "fdwowner"), Place::Nowhere),
    Kind::new("foreign_table", "FOREIGN TABLE", "pg_class", ("relname", "relowner"), RELATION),
    Kind::new("function", "FUNCTION", "pg_proc", ("proname", "proowner"), ROUTINE),
    Kind::new("language", "LANGUAGE", "pg_language", ("lanname", "lanowner"), Place::Verbatim),
    Kind::new("large_object", "LARGE OBJECT", "pg_largeobject_metadata", ("oid::text", "lomowner"), Place::Verbatim),
    Kind::new("matview", "MATERIALIZED VIEW", "pg_class", ("relname", "relowner"), RELATION),
    Kind::new("procedure", "PROCEDURE", "pg_proc", ("proname", "proowner"), ROUTINE),
    Kind::new("publication", "PUBLICATION", "pg_publication", ("pubname", "pubowner"), Place::Nowhere),
    Kind::new("routine", "ROUTINE", "pg_proc", ("proname", "proowner"), ROUTINE),
    Kind::new("schema", "SCHEMA", "pg_namespace", ("nspname", "nspowner"), Place::Nowhere),
    Kind::new("sequence", "SEQUENCE", "pg_class", ("relname", "relowner"), RELATION),
    Kind::new("server", "SERVER", "pg_foreign_server", ("srvname", "srvowner"), Place::Nowhere),
    Kind::new("statistics", "STATISTICS", "pg_statistic_ext", ("stxname", "stxowner"), Place::Schema("stxnamespace", "pg_statistics_obj_is_visible")),
    Kind::new("table", "TABLE", "pg_class", ("relname", "relowner"), RELATION),
    Kind::new("tablespace", "TABLESPACE", "pg_tablespace", ("spcname", "spcowner"), Place::Nowhere),
    Kind::new("text_search_configuration", "TEXT SEARCH CONFIGURATION", "pg_ts_config", ("cfgname", "cfgowner"), Place::Schema("cfgnamespace", "pg_ts_config_is_visible")),
    Kind::new("text_search_dictionary", "TEXT SEARCH DICTIONARY", "pg_ts_dict", ("dictname", "dictowner"), Place::Schema("dictnamespace", "pg_ts_dict_is_visible")),
    Kind::new("type", "TYPE", "pg_type", ("typname", "typowner"), TYPE),
    Kind::new("view", "VIEW", "pg_class", ("relname", "relowner"), RELATION),
];

impl Kind {
    const fn new(
        name: &'static str,
        words: &'static str,
        catalog: &'static str,
        columns: (&'static str, &'static str),
        place: Place,
    ) -> Self {
        Self { name, words, catalog, columns, place }
    }

    fn of(name: &str) -> Result<&'static Self, ModuleError> {
        let unknown = || ModuleError::failed(format!("value of obj_type is not known: {name}"));
        KINDS.iter().find(|kind| kind.name == name).ok_or_else(unknown)
    }

    /// Functions have arguments, which are no part of their names.
    fn is_signature(&self, name: &str) -> bool {
        self.catalog == "pg_proc" && name.contains('(')
    }

    fn quoted(&self, name: &str) -> String {
        match self.place {
            Place::Verbatim => name.to_owned(),
            Place::Schema(..) if self.is_signature(name) || matches!(self.name, "function" | "aggregate") => {
                name.to_owned()
            }
            Place::Schema(..) => name.split('.').map(identifier).collect::<Vec<_>>().join("."),
            Place::Nowhere => identifier(name),
        }
    }

    /// A query for the owners of what has this name: several where functions share it.
    fn owners_of(&self, name: &str) -> String {
        let (label, owner) = self.columns;
        let found = match &self.place {
            _ if self.is_signature(name) => format!("oid = to_regprocedure({})", literal(name)),
            Place::Schema(column, is_visible) => match name.split_once('.') {
                Some((schema, name)) => format!(
                    "{label} = {} AND {column} = (SELECT oid FROM pg_namespace WHERE nspname = {})",
                    literal(name),
                    literal(schema)
                ),
                None => format!("{label} = {} AND {is_visible}(oid)", literal(name)),
            },
            Place::Nowhere | Place::Verbatim => format!("{label} = {}", literal(name)),
        };
        format!("SELECT pg_get_userbyid({owner}) FROM {} WHERE {found}", self.catalog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_part_by_part_and_signatures_are_not() {
        let quoted = |kind: &str, name: &str| Kind::of(kind).unwrap().quoted(name);
        assert_eq!(quoted("table", "s.We ird"), "\"s\".\"We ird\"");
        assert_eq!(quoted("database", "a.b"), "\"a.b\"");
        assert_eq!(quoted("function", "s.f(int)"), "s.f(int)");
        assert_eq!(quoted("procedure", "p"), "\"p\"");
    }

    #[test]
    fn every_choice_is_known() {
        let kind = ARGS.iter().find(|arg| arg.name == "obj_type").unwrap();
        assert_eq!(kind.choices, KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    }
}
