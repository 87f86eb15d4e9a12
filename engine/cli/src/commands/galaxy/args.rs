//! The arguments of `ansible-galaxy`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::galaxy::collection_list::Format;

/// Manages roles and collections.
#[derive(Debug, Parser)]
#[command(name = "ansible-galaxy", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct GalaxyCommand {
    #[command(subcommand)]
    pub kind: Option<Kind>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Kind {
    /// Manage collections.
    Collection {
        #[command(subcommand)]
        action: CollectionAction,
    },
    /// Manage roles.
    Role {
        #[command(subcommand)]
        action: RoleAction,
    },
    #[command(flatten)]
    Implicit(RoleAction),
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServerArgs {
    /// The Galaxy server: its address, or its name in ansible.cfg
    #[arg(short, long, value_name = "API_SERVER")]
    pub server: Option<String>,
    /// The token for the server
    #[arg(long, visible_alias = "api-key", value_name = "API_KEY")]
    pub token: Option<String>,
    /// Do not check certificates
    #[arg(short = 'c', long)]
    pub ignore_certs: bool,
    /// Seconds to wait for the server
    #[arg(long, value_name = "TIMEOUT")]
    pub timeout: Option<u64>,
}

/// Accepted for compatibility: answers are not kept, signatures are not verified.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct QuietArgs {
    #[arg(long, hide = true)]
    pub clear_response_cache: bool,
    #[arg(long, hide = true)]
    pub no_cache: bool,
    #[arg(long, hide = true)]
    pub disable_gpg_verify: bool,
    #[arg(long, hide = true, value_name = "KEYRING")]
    pub keyring: Option<PathBuf>,
    #[arg(long, hide = true, value_name = "SIGNATURES")]
    pub signature: Vec<String>,
    #[arg(long, hide = true, allow_hyphen_values = true)]
    pub required_valid_signature_count: Option<String>,
    #[arg(long, hide = true, alias = "ignore-signature-status-codes")]
    pub ignore_signature_status_code: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoleAction {
    /// Make the skeleton of a role.
    Init {
        role_name: String,
        #[command(flatten)]
        servers: ServerArgs,
        /// Write over what is there
        #[arg(short, long)]
        force: bool,
        #[arg(long, hide = true)]
        offline: bool,
        /// Where it is made
        #[arg(long, default_value = "./")]
        init_path: PathBuf,
        /// A skeleton of one's own
        #[arg(long)]
        role_skeleton: Option<PathBuf>,
        /// The kind of role
        #[arg(long = "type", default_value = "default")]
        kind: String,
        /// Variables of the skeleton
        #[arg(short, long)]
        extra_vars: Vec<String>,
    },
    /// Delete installed roles.
    Remove {
        #[arg(required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Where roles lie
        #[arg(short = 'p', long)]
        roles_path: Vec<String>,
    },
    /// Show the installed roles.
    List {
        role: Option<String>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Where roles lie
        #[arg(short = 'p', long)]
        roles_path: Vec<String>,
    },
    /// Show what is known of roles.
    Info {
        #[arg(required = true)]
        roles: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Where roles lie
        #[arg(short = 'p', long)]
        roles_path: Vec<String>,
        /// Do not ask the server
        #[arg(long)]
        offline: bool,
    },
    /// Install roles from files, repositories, addresses and Galaxy servers.
    Install {
        roles: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Install again what is there
        #[arg(short, long)]
        force: bool,
        /// Where roles go
        #[arg(short = 'p', long)]
        roles_path: Vec<String>,
        /// Go on after a role that cannot be installed
        #[arg(short, long)]
        ignore_errors: bool,
        /// Not the roles they need
        #[arg(short, long, conflicts_with = "force_with_deps")]
        no_deps: bool,
        /// Install again what is there, and what it needs
        #[arg(long)]
        force_with_deps: bool,
        /// A list of roles
        #[arg(short = 'r', long, visible_alias = "requirements-file", value_name = "REQUIREMENTS")]
        role_file: Option<PathBuf>,
        /// Keep the files of the version control
        #[arg(short = 'g', long)]
        keep_scm_meta: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CollectionAction {
    /// Make the skeleton of a collection.
    Init {
        collection_name: String,
        #[command(flatten)]
        servers: ServerArgs,
        /// Write over what is there
        #[arg(short, long)]
        force: bool,
        /// Where it is made
        #[arg(long, default_value = "./")]
        init_path: PathBuf,
        /// A skeleton of one's own
        #[arg(long)]
        collection_skeleton: Option<PathBuf>,
        /// Variables of the skeleton
        #[arg(short, long)]
        extra_vars: Vec<String>,
    },
    /// Make archives that can be published.
    Build {
        #[arg(default_value = ".")]
        collections: Vec<PathBuf>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Write over what is there
        #[arg(short, long)]
        force: bool,
        /// Where archives go
        #[arg(long, default_value = "./")]
        output_path: PathBuf,
    },
    /// Install collections from files, repositories, addresses and Galaxy servers.
    Install {
        collections: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        #[command(flatten)]
        quiet: QuietArgs,
        /// Install again what is there
        #[arg(short, long)]
        force: bool,
        /// Go on after a collection that cannot be installed
        #[arg(short, long)]
        ignore_errors: bool,
        /// Not the collections they need
        #[arg(short, long, conflicts_with = "force_with_deps")]
        no_deps: bool,
        /// Install again what is there, and what it needs
        #[arg(long)]
        force_with_deps: bool,
        /// Where collections go
        #[arg(short = 'p', long)]
        collections_path: Option<PathBuf>,
        /// A list of collections
        #[arg(short = 'r', long, visible_alias = "role-file", value_name = "REQUIREMENTS")]
        requirements_file: Option<PathBuf>,
        /// Pre-releases, too
        #[arg(long)]
        pre: bool,
        /// The newest versions, although older ones are there
        #[arg(short = 'U', long)]
        upgrade: bool,
        /// Ask no server
        #[arg(long)]
        offline: bool,
    },
    /// Show the installed collections.
    List {
        collection: Option<String>,
        #[command(flatten)]
        servers: ServerArgs,
        /// Where collections lie
        #[arg(short = 'p', long)]
        collections_path: Vec<String>,
        /// How they are shown
        #[arg(long = "format", value_enum, default_value = "human")]
        output_format: Format,
    },
    /// Compare installed collections with what was published.
    Verify {
        collections: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        #[command(flatten)]
        quiet: QuietArgs,
        /// Where collections lie
        #[arg(short = 'p', long)]
        collections_path: Vec<String>,
        /// Go on after a collection that cannot be verified
        #[arg(short, long)]
        ignore_errors: bool,
        /// With the sums they brought, without a server
        #[arg(long)]
        offline: bool,
        /// A list of collections
        #[arg(short = 'r', long, value_name = "REQUIREMENTS")]
        requirements_file: Option<PathBuf>,
    },
    /// Download archives of collections and of what they need.
    Download {
        collections: Vec<String>,
        #[command(flatten)]
        servers: ServerArgs,
        #[command(flatten)]
        quiet: QuietArgs,
        /// Not the collections they need
        #[arg(short, long)]
        no_deps: bool,
        /// Where archives go
        #[arg(short = 'p', long, default_value = "./collections")]
        download_path: PathBuf,
        /// A list of collections
        #[arg(short = 'r', long, value_name = "REQUIREMENTS")]
        requirements_file: Option<PathBuf>,
        /// Pre-releases, too
        #[arg(long)]
        pre: bool,
    },
}
