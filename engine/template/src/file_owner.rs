//! What templates are told about where their file comes from: the machine and the owner.

/// The name of this machine.
pub fn host_name() -> String {
    fs_err::read_to_string("/proc/sys/kernel/hostname").map_or_else(|_| String::new(), |name| name.trim().to_owned())
}

/// The name of user `uid`; nothing for one that has none.
pub fn owner_name(uid: u32) -> Option<String> {
    let passwd = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_owned())
    })
}
