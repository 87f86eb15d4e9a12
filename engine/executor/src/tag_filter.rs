//! `TagFilter`: `--tags` and `--skip-tags`.

/// Which tasks run, by their tags.
#[derive(Clone, Debug)]
pub struct TagFilter {
    /// Empty means `all`.
    pub only: Vec<String>,
    pub skip: Vec<String>,
}

impl TagFilter {
    /// Ansible's rules for `always`, `never`, `all`, `tagged` and `untagged`.
    pub fn selects(&self, tags: &[String]) -> bool {
        self.is_wanted(tags) && !self.is_skipped(tags)
    }

    fn is_wanted(&self, tags: &[String]) -> bool {
        let never = has(tags, "never");
        if self.only.is_empty() {
            return !never || has(tags, "always");
        }
        has(tags, "always")
            || (has(&self.only, "all") && !never)
            || intersects(tags, &self.only)
            || (has(&self.only, "tagged") && !tags.is_empty() && !never)
            || (has(&self.only, "untagged") && tags.is_empty())
    }

    fn is_skipped(&self, tags: &[String]) -> bool {
        if has(&self.skip, "all") {
            return !has(tags, "always") || has(&self.skip, "always");
        }
        intersects(tags, &self.skip)
            || (has(&self.skip, "tagged") && !tags.is_empty())
            || (has(&self.skip, "untagged") && tags.is_empty())
    }
}

fn has(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|candidate| candidate == tag)
}

fn intersects(a: &[String], b: &[String]) -> bool {
    a.iter().any(|tag| has(b, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_select_as_ansible_documents() {
        // tags of the task, --tags, --skip-tags, runs
        let cases: &[(&str, &str, &str, bool)] = &[
            ("", "", "", true),
            ("never", "", "", false),
            ("never,debug", "debug", "", true),
            ("never", "all", "", false),
            ("always", "web", "", true),
            ("always", "web", "always", false),
            ("web", "web", "", true),
            ("db", "web", "", false),
            ("", "tagged", "", false),
            ("x", "tagged", "", true),
            ("", "untagged", "", true),
            ("x", "untagged", "", false),
            ("x", "", "x", false),
            ("", "", "all", false),
            ("always", "", "all", true),
            ("x", "", "tagged", false),
        ];
        let split = |text: &str| text.split(',').filter(|tag| !tag.is_empty()).map(String::from).collect::<Vec<_>>();
        for (tags, only, skip, expected) in cases {
            let filter = TagFilter { only: split(only), skip: split(skip) };
            assert_eq!(filter.selects(&split(tags)), *expected, "tags {tags:?} only {only:?} skip {skip:?}");
        }
    }
}
