//! The command lines of apt-get and aptitude.

use super::request::{Options, Upgrade};

impl Options {
    pub(super) fn install(&self, packages: &[String]) -> Vec<String> {
        let mut line = self.base();
        self.push_changing(&mut line);
        push_if(&mut line, self.only_upgrade, "--only-upgrade");
        push_if(&mut line, self.fix_broken, "--fix-broken");
        push_if(&mut line, self.autoremove, "--auto-remove");
        push_if(&mut line, self.allow_downgrade, "--allow-downgrades");
        push_if(&mut line, self.allow_change_held_packages, "--allow-change-held-packages");
        self.push_release(&mut line);
        let recommends = self.install_recommends.map(|wanted| if wanted { "yes" } else { "no" });
        line.extend(recommends.iter().flat_map(|word| ["-o".to_owned(), format!("APT::Install-Recommends={word}")]));
        line.push("install".to_owned());
        line.extend_from_slice(packages);
        line
    }

    pub(super) fn build_dep(&self, packages: &[String]) -> Vec<String> {
        let mut line = self.base();
        self.push_changing(&mut line);
        self.push_release(&mut line);
        line.push("build-dep".to_owned());
        line.extend_from_slice(packages);
        line
    }

    pub(super) fn remove(&self, packages: &[String]) -> Vec<String> {
        let mut line = self.base();
        push_if(&mut line, self.purge, "--purge");
        push_if(&mut line, self.force, "--force-yes");
        push_if(&mut line, self.autoremove, "--auto-remove");
        push_if(&mut line, self.simulate, "--simulate");
        push_if(&mut line, self.allow_change_held_packages, "--allow-change-held-packages");
        line.push("remove".to_owned());
        line.extend_from_slice(packages);
        line
    }

    /// `autoremove` or `autoclean`.
    pub(super) fn clean_up(&self, operation: &str) -> Vec<String> {
        let mut line = self.base();
        push_if(&mut line, self.purge, "--purge");
        push_if(&mut line, self.force, "--force-yes");
        push_if(&mut line, self.simulate, "--simulate");
        line.push(operation.to_owned());
        line
    }

    pub(super) fn upgrade(&self, upgrade: Upgrade, aptitude: bool) -> Vec<String> {
        let mut line = self.base();
        if aptitude && upgrade != Upgrade::Dist {
            "aptitude".clone_into(&mut line[0]);
            push_if(&mut line, self.allow_unauthenticated || self.force, "--allow-untrusted");
            push_if(&mut line, self.simulate, "--simulate");
            line.push(if upgrade == Upgrade::Full { "full-upgrade" } else { "safe-upgrade" }.to_owned());
            return line;
        }
        self.push_changing(&mut line);
        push_if(&mut line, self.allow_downgrade, "--allow-downgrades");
        push_if(&mut line, self.allow_change_held_packages, "--allow-change-held-packages");
        push_if(&mut line, self.autoremove, "--auto-remove");
        self.push_release(&mut line);
        match upgrade {
            Upgrade::Safe => line.extend(["--with-new-pkgs".to_owned(), "upgrade".to_owned()]),
            Upgrade::Dist | Upgrade::Full => line.push("dist-upgrade".to_owned()),
        }
        line
    }

    fn base(&self) -> Vec<String> {
        let mut line = vec!["apt-get".to_owned(), "-y".to_owned()];
        for option in &self.dpkg {
            line.extend(["-o".to_owned(), format!("Dpkg::Options::=--{option}")]);
        }
        line.extend(["-o".to_owned(), format!("DPkg::Lock::Timeout={}", self.lock_timeout)]);
        line
    }

    fn push_changing(&self, line: &mut Vec<String>) {
        push_if(line, self.force, "--force-yes");
        push_if(line, self.fail_on_autoremove, "--no-remove");
        push_if(line, self.allow_unauthenticated, "--allow-unauthenticated");
        push_if(line, self.simulate, "--simulate");
    }

    fn push_release(&self, line: &mut Vec<String>) {
        line.extend(self.default_release.iter().flat_map(|release| ["-t".to_owned(), release.clone()]));
    }
}

fn push_if(line: &mut Vec<String>, condition: bool, option: &str) {
    if condition {
        line.push(option.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { lock_timeout: 60, ..Options::default() }
    }

    #[test]
    fn options_become_arguments() {
        let packages = ["a".to_owned(), "b=1".to_owned()];
        let lock = "-o DPkg::Lock::Timeout=60";
        let confold = Options { dpkg: vec!["force-confold".to_owned()], ..options() };
        let lean = Options { install_recommends: Some(false), default_release: Some("x".to_owned()), ..options() };
        let check = Options { simulate: true, autoremove: true, purge: true, ..options() };
        let cases = [
            (options().install(&packages), format!("apt-get -y {lock} install a b=1")),
            (confold.install(&packages), format!("apt-get -y -o Dpkg::Options::=--force-confold {lock} install a b=1")),
            (lean.install(&[]), format!("apt-get -y {lock} -t x -o APT::Install-Recommends=no install")),
            (check.remove(&packages), format!("apt-get -y {lock} --purge --auto-remove --simulate remove a b=1")),
            (check.clean_up("autoremove"), format!("apt-get -y {lock} --purge --simulate autoremove")),
            (options().upgrade(Upgrade::Safe, false), format!("apt-get -y {lock} --with-new-pkgs upgrade")),
            (options().upgrade(Upgrade::Full, false), format!("apt-get -y {lock} dist-upgrade")),
            (options().upgrade(Upgrade::Full, true), format!("aptitude -y {lock} full-upgrade")),
            (options().upgrade(Upgrade::Dist, true), format!("apt-get -y {lock} dist-upgrade")),
            (options().build_dep(&packages[..1]), format!("apt-get -y {lock} build-dep a")),
        ];
        for (line, expected) in cases {
            assert_eq!(line.join(" "), expected);
        }
    }
}
