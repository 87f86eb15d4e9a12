//! `Sshd`: a real OpenSSH server on loopback addresses, any number of "hosts", gone when dropped.
//!
//! As root it runs in a mount namespace of its own with its own accounts (`alice`, `bob` and others, see [`Account`]), sudo
//! rules, home directories and `/var/tmp`, so that nothing of the machine is touched. Otherwise there is one account: whoever runs
//! the tests.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::processes::{command_of, family, name_of, sharing_mounts_with, signal};

const PASSWORD_HASH: &str =
    "$6$kapelltest$6ToCLW9sxGJJoY7z5DmJ2LHCLXGpaK7dmQajUdbwXZWOjj0NpYaUYsMprFwaOYDMpw04XEB7tAnctKYyPZhXd/";
const FIRST_UID: u32 = 60_101;

/// Who can log in, besides root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// May sudo to anybody without a password.
    Alice,
    /// May sudo to anybody with the password.
    Bob,
    /// May not sudo.
    Carol,
    /// May sudo to anybody without a password, on a terminal only.
    Dave,
}

impl Account {
    pub const ALL: [Self; 4] = [Self::Alice, Self::Bob, Self::Carol, Self::Dave];
    /// The password of them all.
    pub const PASSWORD: &str = "kapell-secret";

    pub fn name(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
            Self::Carol => "carol",
            Self::Dave => "dave",
        }
    }

    fn uid(self) -> u32 {
        FIRST_UID + self as u32
    }
}

#[derive(Debug, Clone)]
pub struct SshdOptions {
    /// Listens on `127.0.0.1` up to `127.0.0.N`.
    pub addresses: u8,
    /// More lines for `sshd_config`.
    pub config: String,
    /// Login shell of the accounts.
    pub shell: String,
}

impl Default for SshdOptions {
    fn default() -> Self {
        Self { addresses: 1, config: String::new(), shell: "/bin/sh".to_owned() }
    }
}

pub struct Sshd {
    pub port: u16,
    /// A private key that every account accepts.
    pub key: PathBuf,
    /// A private key that nobody accepts.
    pub other_key: PathBuf,
    /// Holds the server's key for every address.
    pub known_hosts: PathBuf,
    /// Holds another key for every address.
    pub wrong_known_hosts: PathBuf,
    /// The account to log in to when it does not matter which.
    pub user: String,
    directory: TempDir,
    server: Child,
}

impl Sshd {
    /// `None`, and a line that says why, when this machine cannot run it: count the test as skipped.
    pub fn start() -> Option<Self> {
        Self::start_with(&SshdOptions::default())
    }

    pub fn start_with(options: &SshdOptions) -> Option<Self> {
        match Self::try_start(options) {
            Ok(server) => Some(server),
            Err(error) => {
                skip(&error);
                None
            }
        }
    }

    /// `127.0.0.N`.
    pub fn address(&self, number: u8) -> String {
        format!("127.0.0.{number}")
    }

    /// The home directory of an account of the namespace.
    pub fn home(&self, account: Account) -> PathBuf {
        self.directory.path().join("home").join(account.name())
    }

    /// With accounts: a directory everybody may write to on a file system of 256 KiB.
    pub fn small_disk(&self) -> PathBuf {
        self.directory.path().join("small")
    }

    /// With accounts: a directory everybody may write to, on a file system that executes nothing.
    pub fn noexec_disk(&self) -> PathBuf {
        self.directory.path().join("noexec")
    }

    /// Takes an account's home directory away from it: it can still be read, not written to.
    pub fn seal_home(&self, account: Account) -> io::Result<()> {
        for base in ["/var/tmp", "/tmp", "/dev/shm"] {
            // A test that was killed leaves its worker there.
            let _ = fs_err::remove_dir_all(format!("{base}/kapell-{}", account.uid()));
        }
        chown(self.home(account), Some(0), Some(0))?;
        fs_err::set_permissions(self.home(account), PermissionsExt::from_mode(0o755))
    }

    /// Whether there are accounts to become; otherwise tests of become are to be skipped.
    pub fn has_accounts(&self) -> bool {
        self.user == Account::Alice.name()
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs_err::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Kills every connection's server process, as a crash would; the listener stays.
    pub fn kill_connections(&self) {
        for pid in self.connection_processes() {
            signal(pid, "KILL");
        }
    }

    /// Connections stay open and nothing answers any more, as when a host loses its network.
    pub fn freeze(&self) {
        for pid in family(self.server.id()) {
            signal(pid, "STOP");
        }
    }

    pub fn thaw(&self) {
        for pid in family(self.server.id()) {
            signal(pid, "CONT");
        }
    }

    /// Sends a signal to every process below the server whose program is named like this.
    pub fn signal_named(&self, program: &str, name: &str) {
        for pid in self.others().filter(|pid| command_of(*pid).contains(program)) {
            signal(pid, name);
        }
    }

    /// What runs below the server but its own processes: program and process id.
    pub fn processes_of_accounts(&self) -> Vec<String> {
        let others = self.others().map(|pid| (pid, name_of(pid)));
        others.filter(|(_, name)| !name.is_empty()).map(|(pid, name)| format!("{name} ({pid})")).collect()
    }

    /// What runs in the server's namespace and is none of its own processes, orphans included.
    fn others(&self) -> impl Iterator<Item = u32> {
        sharing_mounts_with(self.server.id()).into_iter().filter(|pid| !name_of(*pid).starts_with("sshd"))
    }

    fn connection_processes(&self) -> Vec<u32> {
        family(self.server.id()).into_iter().skip(1).filter(|pid| name_of(*pid).starts_with("sshd")).collect()
    }

    fn try_start(options: &SshdOptions) -> io::Result<Self> {
        let binary = find_sshd()?;
        let directory = tempfile::Builder::new().prefix("kapell-sshd-").tempdir()?;
        let root = directory.path();
        fs_err::set_permissions(root, PermissionsExt::from_mode(0o755))?;
        for key in ["host_key", "wrong_host_key", "key", "other_key"] {
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(root.join(key)))?;
        }
        let port = free_port()?;
        write_known_hosts(root, "host_key", "known_hosts", port, options.addresses)?;
        write_known_hosts(root, "wrong_host_key", "wrong_known_hosts", port, options.addresses)?;
        let is_root = whoami("-u")? == "0";
        write_server_config(root, port, options, is_root)?;
        let (server, user) = if is_root {
            make_accounts(root, options)?;
            (start_in_namespace(root, &binary)?, Account::Alice.name().to_owned())
        } else {
            (start_plain(root, &binary)?, whoami("-un")?)
        };
        let mut server = Self {
            port,
            key: root.join("key"),
            other_key: root.join("other_key"),
            known_hosts: root.join("known_hosts"),
            wrong_known_hosts: root.join("wrong_known_hosts"),
            user,
            server,
            directory,
        };
        server.wait_until_up()?;
        Ok(server)
    }

    fn wait_until_up(&mut self) -> io::Result<()> {
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                return Err(io::Error::other(format!("sshd ended ({status}): {}", self.log().trim())));
            }
            sleep(Duration::from_millis(10));
        }
        Err(io::Error::other("sshd does not listen"))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let orphans: Vec<u32> = self.others().collect();
        for pid in family(self.server.id()).into_iter().rev().chain(orphans.into_iter().filter(|_| self.has_accounts()))
        {
            signal(pid, "KILL");
        }
        let _ = self.server.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a tier that cannot run says so in one line")]
fn skip(error: &io::Error) {
    eprintln!("skipped: no sshd here: {error}");
}

fn find_sshd() -> io::Result<PathBuf> {
    let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd"].map(PathBuf::from);
    places.into_iter().find(|path| path.exists()).ok_or_else(|| io::Error::other("openssh-server is not installed"))
}

/// Runs `ssh-keygen` in a directory.
pub fn ssh_keygen(directory: &Path, words: &[&str]) -> io::Result<()> {
    run(Command::new("ssh-keygen").arg("-q").args(words).current_dir(directory))
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

fn whoami(flag: &str) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&Command::new("id").arg(flag).output()?.stdout).trim().to_owned())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn write_known_hosts(root: &Path, key: &str, file: &str, port: u16, addresses: u8) -> io::Result<()> {
    let key = fs_err::read_to_string(root.join(key).with_extension("pub"))?;
    let line = |number| format!("[127.0.0.{number}]:{port} {}\n", key.trim());
    fs_err::write(root.join(file), (1..=addresses).map(line).collect::<Vec<_>>().concat())
}

fn write_server_config(root: &Path, port: u16, options: &SshdOptions, is_root: bool) -> io::Result<()> {
    let listen = listen_addresses(options.addresses);
    let root = root.display();
    let keys = if is_root { "home/%u/authorized_keys" } else { "key.pub" };
    let text = format!(
        "{}\nPort {port}\n{listen}HostKey {root}/host_key\nAuthorizedKeysFile {root}/{keys}\nPidFile none\nUsePAM no\n\
         StrictModes no\nMaxStartups 1000\nMaxSessions 1000\nPrintMotd no\nPrintLastLog no\nUseDNS no\nLogLevel VERBOSE\n",
        options.config
    );
    fs_err::write(format!("{root}/sshd_config"), text)
}

/// sshd takes no more than 16 addresses; beyond that it listens everywhere and lets nobody in from outside.
fn listen_addresses(count: u8) -> String {
    if count > 16 {
        return "ListenAddress 0.0.0.0\nAllowUsers *@127.0.0.0/8\n".to_owned();
    }
    (1..=count).fold(String::new(), |text, number| text + &format!("ListenAddress 127.0.0.{number}\n"))
}

/// Copies of the system's files with our accounts added; bound over the real ones inside the namespace only.
fn make_accounts(root: &Path, options: &SshdOptions) -> io::Result<()> {
    let etc = root.join("etc");
    fs_err::create_dir_all(&etc)?;
    let (mut passwd, mut group, mut shadow) = (read_etc("passwd"), read_etc("group"), read_etc("shadow"));
    if !passwd.contains("\nsshd:") {
        passwd += "sshd:x:60100:65534::/run/sshd:/usr/sbin/nologin\n";
    }
    for account in Account::ALL {
        let (name, uid) = (account.name(), account.uid());
        let home = root.join("home").join(name);
        passwd += &format!("{name}:x:{uid}:{uid}::{}:{}\n", home.display(), options.shell);
        group += &format!("{name}:x:{uid}:\n");
        shadow += &format!("{name}:{PASSWORD_HASH}:19000:0:99999:7:::\n");
        fs_err::create_dir_all(&home)?;
        fs_err::copy(root.join("key.pub"), home.join("authorized_keys"))?;
        chown(&home, Some(uid), Some(uid))?;
    }
    let sudoers = "Defaults !requiretty\nDefaults !use_pty\nDefaults:dave requiretty\nroot ALL=(ALL) ALL\n\
                   alice ALL=(ALL) NOPASSWD: ALL\nbob ALL=(ALL) ALL\ndave ALL=(ALL) NOPASSWD: ALL\n";
    for (name, text, mode) in [
        ("passwd", passwd, 0o644),
        ("group", group, 0o644),
        ("shadow", shadow, 0o600),
        ("sudoers", sudoers.to_owned(), 0o440),
    ] {
        fs_err::write(etc.join(name), text)?;
        fs_err::set_permissions(etc.join(name), PermissionsExt::from_mode(mode))?;
    }
    Ok(())
}

fn read_etc(name: &str) -> String {
    let mut text = fs_err::read_to_string(format!("/etc/{name}")).unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// sshd keeps the process id of the shell that set up the namespace. Files bound one by one would come loose when
/// somebody adds a real account meanwhile (the file below is replaced), a layer over `/etc` does not.
fn start_in_namespace(root: &Path, sshd: &Path) -> io::Result<Child> {
    const SCRIPT: &str = "set -e; cd \"$1\"; mkdir -p /run/sshd; \
        mkdir layer-work; \
        mount -t overlay overlay -o \"lowerdir=/etc,upperdir=$1/etc,workdir=$1/layer-work\" /etc 2> /dev/null || { \
            for f in passwd group shadow; do mount --bind etc/$f /etc/$f; done; \
            if [ -e /etc/sudoers ]; then mount --bind etc/sudoers /etc/sudoers; fi; }; \
        mkdir small noexec; mount -t tmpfs -o size=256k,mode=1777 tmpfs small; \
        mount -t tmpfs -o noexec,mode=1777 tmpfs noexec; mount -t tmpfs -o mode=1777 tmpfs /var/tmp; \
        exec \"$2\" -D -f \"$1/sshd_config\" -E \"$1/log\"";
    Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh"])
        .args([root, sshd])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs_err::File::create(root.join("log"))?.into_parts().0)
        .spawn()
}

fn start_plain(root: &Path, sshd: &Path) -> io::Result<Child> {
    Command::new(sshd)
        .args(["-D", "-f"])
        .arg(root.join("sshd_config"))
        .arg("-E")
        .arg(root.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
