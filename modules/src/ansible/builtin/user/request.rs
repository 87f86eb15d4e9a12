//! What a `user` task asks for, with the combinations of arguments that make no sense refused.

use jiff::Timestamp;

use crate::{Args, ModuleError};

#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub name: String,
    pub present: bool,
    pub uid: Option<i64>,
    pub non_unique: bool,
    pub group: Option<String>,
    /// `None`: leave the supplementary groups alone.
    pub groups: Option<Vec<String>>,
    pub append: bool,
    pub comment: Option<String>,
    pub home: Option<String>,
    pub create_home: bool,
    pub move_home: bool,
    pub skeleton: Option<String>,
    pub umask: Option<String>,
    pub shell: Option<String>,
    pub password: Option<String>,
    pub password_on_create_only: bool,
    pub password_lock: Option<bool>,
    pub expires: Option<Expiry>,
    pub password_age: PasswordAge,
    pub system: bool,
    pub local: bool,
    pub force: bool,
    pub remove: bool,
    pub seuser: Option<String>,
    pub uid_min: Option<i64>,
    pub uid_max: Option<i64>,
}

/// When the account expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    Never,
    /// Days since 1970-01-01.
    Day(i64),
}

impl Expiry {
    /// As `useradd -e` takes it.
    pub(super) fn date(self) -> String {
        match self {
            Self::Never => String::new(),
            Self::Day(day) => Timestamp::from_second(day.saturating_mul(86_400))
                .map(|time| time.strftime("%Y-%m-%d").to_string())
                .unwrap_or_default(),
        }
    }
}

/// Password ageing, in days, as `chage` sets it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PasswordAge {
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub warn: Option<i64>,
    pub inactive: Option<i64>,
}

impl Request {
    pub(super) fn new(args: &Args) -> Result<Self, ModuleError> {
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        let request = Self {
            name: args.str("name")?.to_owned(),
            present: args.str("state")? == "present",
            uid: args.opt_int("uid"),
            non_unique: args.bool("non_unique"),
            group: text("group"),
            groups: args.opt_list_of_str("groups").map(non_empty),
            append: args.bool("append"),
            comment: text("comment"),
            home: text("home"),
            create_home: args.bool("create_home"),
            move_home: args.bool("move_home"),
            skeleton: text("skeleton"),
            umask: text("umask"),
            shell: text("shell"),
            password: text("password"),
            password_on_create_only: args.str("update_password")? == "on_create",
            password_lock: args.opt_bool("password_lock"),
            expires: args.opt_float("expires").map(expiry).transpose()?,
            password_age: PasswordAge {
                min: args.opt_int("password_expire_min"),
                max: args.opt_int("password_expire_max"),
                warn: args.opt_int("password_expire_warn"),
                inactive: args.opt_int("password_expire_account_disable"),
            },
            system: args.bool("system"),
            local: args.bool("local"),
            force: args.bool("force"),
            remove: args.bool("remove"),
            // Without SELinux the tools refuse the option.
            seuser: text("seuser").filter(|_| std::path::Path::new("/sys/fs/selinux/enforce").exists()),
            uid_min: args.opt_int("uid_min"),
            uid_max: args.opt_int("uid_max"),
        };
        request.check_local()?;
        Ok(request)
    }

    /// A password is a field of a line.
    pub(super) fn check_password(&self) -> Result<(), ModuleError> {
        match self.password.as_deref().filter(|password| password.contains([':', '\n'])) {
            Some(_) => Err(ModuleError::failed("password: a hash can hold neither a ':' nor a line end")
                .with("name", self.name.clone())
                .with("rc", 3)),
            None => Ok(()),
        }
    }

    fn check_local(&self) -> Result<(), ModuleError> {
        let given =
            [("umask", self.umask.is_some()), ("uid_min", self.uid_min.is_some()), ("uid_max", self.uid_max.is_some())];
        match given.into_iter().find(|(_, given)| *given && self.local) {
            Some((name, _)) => Err(ModuleError::failed(format!("'{name}' can not be used with 'local'"))),
            None => Ok(()),
        }
    }
}

fn non_empty(groups: Vec<String>) -> Vec<String> {
    groups.into_iter().map(|group| group.trim().to_owned()).filter(|group| !group.is_empty()).collect()
}

/// Seconds since 1970; anything negative means never.
fn expiry(seconds: f64) -> Result<Expiry, ModuleError> {
    if seconds < 0.0 {
        return Ok(Expiry::Never);
    }
    if !seconds.is_finite() || Timestamp::from_second(seconds as i64).is_err() {
        return Err(ModuleError::failed(format!(
            "Invalid value for 'expires' {seconds}: timestamp out of range for platform time_t"
        )));
    }
    Ok(Expiry::Day(seconds as i64 / 86_400))
}

/// Whether the password can be the output of `crypt(3)`, or one of the words that mean "no password".
pub(super) fn looks_hashed(password: &str) -> bool {
    if matches!(password, "*" | "!" | "*************") {
        return true;
    }
    let Some(rest) = password.strip_prefix('$') else { return false };
    let Some((scheme, rest)) = rest.split_once('$') else { return false };
    let digest = rest.rsplit('$').next().unwrap_or_default();
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'=');
    let length = match scheme {
        "1" => 22,
        "5" => 43,
        "6" => 86,
        _ => digest.len(),
    };
    !password.contains([':', '*', '!']) && digest.len() == length && !digest.is_empty() && digest.bytes().all(alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_days() {
        assert_eq!(expiry(1_893_456_000.0).unwrap().date(), "2030-01-01");
        assert_eq!(expiry(0.0).unwrap(), Expiry::Day(0));
        assert_eq!(expiry(-1.0).unwrap().date(), "");
        assert!(expiry(1e20).is_err());
    }

    #[test]
    fn hashed_passwords_are_recognised() {
        let sha512 = format!("$6$salt$rounds{}", "a".repeat(86));
        let cases = [
            ("*", true),
            ("!", true),
            ("!!", false),
            ("plain", false),
            ("rqXexS6ZhobKA", false),
            ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", true),
            ("$2a$10$abcdefghijklmnopqrstuuJgmFGBWlbHcyMkA8JHWwXkO5MwXi6Qi", true),
            ("$6$salt$short", false),
            (sha512.as_str(), false),
            ("$1$salt$abcdefghijklmnopqrstuv", true),
            ("$1$salt$abcdefghijklmnopqrst:v", false),
        ];
        for (password, hashed) in cases {
            assert_eq!(looks_hashed(password), hashed, "{password}");
        }
    }
}
