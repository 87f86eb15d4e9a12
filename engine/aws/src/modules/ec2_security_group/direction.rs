//! `Direction`: the rules of one direction, in or out: those that are wanted beside those that are there.

use aws_sdk_ec2::types::{IpPermission, SecurityGroup};
use kapell_modules::Args;
use serde_json::Value as Json;

use super::super::cloud::{Cloud, filter};
use super::rule::{Peer, Rule};
use crate::api_error::ApiError;

pub(super) struct Direction {
    ingress: bool,
    wanted: Vec<Rule>,
    purge: bool,
}

/// What has to be done to a group's rules.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    grant: Vec<Rule>,
    revoke: Vec<Rule>,
    /// Granted already, under another description.
    describe: Vec<Rule>,
}

impl Direction {
    /// The directions a task has rules for; of the others nothing is changed.
    pub(super) fn all(args: &Args, warnings: &mut Vec<String>) -> Result<Vec<Self>, ApiError> {
        let mut all = Vec::new();
        for (name, purge, ingress) in [("rules", "purge_rules", true), ("rules_egress", "purge_rules_egress", false)] {
            let Some(entries) = args.raw(name).and_then(Json::as_array) else { continue };
            let mut wanted = Vec::new();
            for entry in entries {
                wanted.extend(Rule::of_argument(entry, warnings)?);
            }
            all.push(Self { ingress, wanted, purge: args.bool(purge) });
        }
        Ok(all)
    }

    /// Makes the group's rules so. True when anything was (or, in check mode, would be) changed.
    pub(super) async fn settle(mut self, cloud: &Cloud, group: &SecurityGroup) -> Result<bool, ApiError> {
        self.look_up_names(cloud, group).await?;
        let permissions = if self.ingress { group.ip_permissions() } else { group.ip_permissions_egress() };
        let current: Vec<Rule> = permissions.iter().flat_map(Rule::of_permission).collect();
        let plan = self.plan(&current);
        let changed = plan != Plan::default();
        if changed && !cloud.check {
            self.carry_out(&plan, cloud, group.group_id().unwrap_or_default()).await?;
        }
        Ok(changed)
    }

    fn plan(&self, current: &[Rule]) -> Plan {
        let mut plan = Plan::default();
        for rule in &self.wanted {
            let list = match current.iter().find(|known| known.opens_same(rule)) {
                Some(known) if known.description == rule.description => continue,
                Some(_) => &mut plan.describe,
                None => &mut plan.grant,
            };
            if !list.iter().any(|known| known.opens_same(rule)) {
                list.push(rule.clone());
            }
        }
        if self.purge {
            let is_wanted = |rule: &Rule| self.wanted.iter().any(|wanted| wanted.opens_same(rule));
            plan.revoke = current.iter().filter(|rule| !is_wanted(rule)).cloned().collect();
        }
        plan
    }

    /// Names of groups become ids, in the VPC of `group`, whose own name also works.
    async fn look_up_names(&mut self, cloud: &Cloud, group: &SecurityGroup) -> Result<(), ApiError> {
        for rule in &mut self.wanted {
            let Peer::GroupName(name) = &rule.peer else { continue };
            let id = if group.group_name() == Some(name) {
                group.group_id().map(str::to_owned)
            } else {
                let vpc = filter("vpc-id", [group.vpc_id().unwrap_or_default()]);
                let call = cloud.client.describe_security_groups().filters(filter("group-name", [name])).filters(vpc);
                let found = call.send().await.map_err(cloud.failed("DescribeSecurityGroups"))?;
                found.security_groups().first().and_then(|found| found.group_id().map(str::to_owned))
            };
            let missing = || ApiError::new(format!("a rule names the security group '{name}', which is not there"));
            rule.peer = Peer::Group(id.ok_or_else(missing)?);
        }
        Ok(())
    }

    /// First what is to be open, then what is to be closed: nobody who may come in is kept out in between.
    async fn carry_out(&self, plan: &Plan, cloud: &Cloud, id: &str) -> Result<(), ApiError> {
        let permissions = |rules: &[Rule]| -> Vec<IpPermission> { rules.iter().map(Rule::to_permission).collect() };
        let client = &cloud.client;
        for part in plan.grant.chunks(MOST_RULES) {
            let rules = Some(permissions(part));
            if self.ingress {
                let call = client.authorize_security_group_ingress().group_id(id).set_ip_permissions(rules);
                call.send().await.map_err(cloud.failed("AuthorizeSecurityGroupIngress"))?;
            } else {
                let call = client.authorize_security_group_egress().group_id(id).set_ip_permissions(rules);
                call.send().await.map_err(cloud.failed("AuthorizeSecurityGroupEgress"))?;
            }
        }
        for part in plan.describe.chunks(MOST_RULES) {
            let rules = Some(permissions(part));
            if self.ingress {
                let call = client.update_security_group_rule_descriptions_ingress().group_id(id);
                let done = call.set_ip_permissions(rules).send().await;
                done.map_err(cloud.failed("UpdateSecurityGroupRuleDescriptionsIngress"))?;
            } else {
                let call = client.update_security_group_rule_descriptions_egress().group_id(id);
                let done = call.set_ip_permissions(rules).send().await;
                done.map_err(cloud.failed("UpdateSecurityGroupRuleDescriptionsEgress"))?;
            }
        }
        for part in plan.revoke.chunks(MOST_RULES) {
            let rules = Some(permissions(part));
            if self.ingress {
                let call = client.revoke_security_group_ingress().group_id(id).set_ip_permissions(rules);
                call.send().await.map_err(cloud.failed("RevokeSecurityGroupIngress"))?;
            } else {
                let call = client.revoke_security_group_egress().group_id(id).set_ip_permissions(rules);
                call.send().await.map_err(cloud.failed("RevokeSecurityGroupEgress"))?;
            }
        }
        Ok(())
    }
}

/// In one call; a group has at most a thousand.
const MOST_RULES: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(port: i32, description: Option<&str>) -> Rule {
        Rule {
            protocol: "tcp".to_owned(),
            ports: Some((port, port)),
            peer: Peer::V4("0.0.0.0/0".to_owned()),
            description: description.map(str::to_owned),
        }
    }

    #[test]
    fn only_differences_are_planned() {
        let wanted = vec![rule(22, None), rule(80, Some("web")), rule(443, None), rule(443, None)];
        let current = [rule(22, None), rule(80, None), rule(25, None)];
        let plan = Direction { ingress: true, wanted: wanted.clone(), purge: true }.plan(&current);
        let (grant, revoke, describe) = (vec![rule(443, None)], vec![rule(25, None)], vec![rule(80, Some("web"))]);
        assert_eq!(plan, Plan { grant, revoke, describe });
        assert_eq!(Direction { ingress: true, wanted: Vec::new(), purge: false }.plan(&current), Plan::default());
    }
}
