//! Tags of resources: those that are wanted beside those that are there.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use kapell_modules::Map;
use serde_json::Value as Json;

use super::cloud::{Cloud, word};
use crate::api_error::ApiError;

/// What has to be set and removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TagPlan {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

impl TagPlan {
    /// Without `wanted` tags stay as they are. Tags of AWS itself cannot be removed.
    pub(crate) fn new(current: &Map, wanted: Option<&Map>, purge: bool) -> Self {
        let Some(wanted) = wanted else { return Self::default() };
        let wanted: Vec<(String, String)> = wanted.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        let is_wanted = |name: &str| wanted.iter().any(|(known, _)| known == name);
        let remove = current.keys().filter(|name| purge && !is_wanted(name) && !name.starts_with("aws:"));
        let remove = remove.cloned().collect();
        let differs = |(name, value): &(String, String)| current.get(name).and_then(Json::as_str) != Some(value);
        Self { remove, set: wanted.into_iter().filter(differs).collect() }
    }

    /// Removes those of `unwanted` that are there, with that value where it is not null.
    pub(crate) fn removal(current: &Map, unwanted: &Map) -> Self {
        let is_there = |(name, value): &(&String, &Json)| {
            current.get(*name).is_some_and(|there| value.is_null() || there.as_str() == Some(&text(value)))
        };
        Self { set: Vec::new(), remove: unwanted.iter().filter(is_there).map(|(name, _)| name.clone()).collect() }
    }

    /// What is set.
    pub(crate) fn added(&self) -> Map {
        self.set.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    }

    /// What is removed, with the values it had.
    pub(crate) fn removed(&self, current: &Map) -> Map {
        let is_removed = |(name, _): &(&String, &Json)| self.remove.contains(name);
        current.iter().filter(is_removed).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// The tags once this is done.
    pub(crate) fn applied(&self, current: &Map) -> Map {
        let mut tags = current.clone();
        tags.retain(|name, _| !self.remove.contains(name));
        tags.extend(self.set.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        tags
    }

    /// Makes the tags of the resource `id` so. Changes nothing in check mode.
    pub(crate) async fn apply(&self, cloud: &Cloud, id: &str) -> Result<bool, ApiError> {
        if self.is_empty() || cloud.check {
            return Ok(!self.is_empty());
        }
        if !self.remove.is_empty() {
            let removed = self.remove.iter().map(|name| Tag::builder().key(name).build()).collect();
            let call = cloud.client.delete_tags().resources(id).set_tags(Some(removed));
            call.send().await.map_err(cloud.failed("DeleteTags"))?;
        }
        if !self.set.is_empty() {
            let call = cloud.client.create_tags().resources(id).set_tags(Some(to_api(self.set.iter().cloned())));
            call.send().await.map_err(cloud.failed("CreateTags"))?;
        }
        Ok(true)
    }
}

/// Makes the tags of the resource `id` as `wanted` and `purge_tags` say: whether they were not so, and what they are then.
pub(crate) async fn settle(
    cloud: &Cloud,
    id: &str,
    current: &Map,
    wanted: Option<&Map>,
) -> Result<(bool, Map), ApiError> {
    let plan = TagPlan::new(current, wanted, cloud.args.bool("purge_tags"));
    Ok((plan.apply(cloud, id).await?, plan.applied(current)))
}

/// The same for the task's `tags` and `name`: a name alone removes no tags.
pub(crate) async fn settle_named(cloud: &Cloud, id: &str, current: &Map) -> Result<bool, ApiError> {
    let (has_tags, wanted) = (cloud.args.dict("tags").is_some(), named(cloud));
    let wanted = Some(wanted).filter(|wanted| has_tags || !wanted.is_empty());
    let purge = has_tags && cloud.args.bool("purge_tags");
    TagPlan::new(current, wanted.as_ref(), purge).apply(cloud, id).await
}

/// The task's `tags` with its `name`: what a new resource gets. Empty when neither is given.
pub(crate) fn named(cloud: &Cloud) -> Map {
    let mut tags = cloud.args.dict("tags").cloned().unwrap_or_default();
    tags.extend(cloud.text("name").map(|name| ("Name".to_owned(), name.into())));
    tags
}

/// The same for a resource that is there: a name alone changes no tags.
pub(crate) fn wanted(cloud: &Cloud) -> Option<Map> {
    cloud.args.dict("tags").map(|_| named(cloud))
}

fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        value => word(value),
    }
}

fn to_api(tags: impl Iterator<Item = (String, String)>) -> Vec<Tag> {
    tags.map(|(name, value)| Tag::builder().key(name).value(value).build()).collect()
}

/// The tags a new resource of this kind is made with; nothing for none.
pub(crate) fn of_new(kind: ResourceType, tags: Option<&Map>) -> Option<Vec<TagSpecification>> {
    let tags = tags.filter(|tags| !tags.is_empty())?;
    let tags = to_api(tags.iter().map(|(name, value)| (name.clone(), text(value))));
    Some(vec![TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()])
}

/// The `tags` of something `described`.
pub(crate) fn current(described: &Map) -> Map {
    described.get("tags").and_then(Json::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_set_and_tags_of_aws_stay() {
        let map = |json: Json| json.as_object().cloned().unwrap();
        let current = map(json!({"a": "1", "b": "2", "aws:x": "y"}));
        let wanted = map(json!({"a": "1", "c": 3}));
        let plan = TagPlan::new(&current, Some(&wanted), true);
        assert_eq!(plan, TagPlan { set: vec![("c".into(), "3".into())], remove: vec!["b".into()] });
        assert_eq!(Json::Object(plan.applied(&current)), json!({"a": "1", "aws:x": "y", "c": "3"}));
        assert_eq!(TagPlan::new(&current, Some(&wanted), false).remove, Vec::<String>::new());
        assert!(TagPlan::new(&current, None, true).is_empty());
    }
}
