//! Options of lookups.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// What a missing setting is.
    "lookup" "config" "on_missing" "string" Unset::Text("error"),
        choices ["error" "skip" "warn"];
    /// The plugin whose options are asked for.
    "lookup" "config" "plugin_name" "string" Unset::Nothing;
    /// The kind of that plugin.
    "lookup" "config" "plugin_type" "string" Unset::Nothing,
        choices ["become" "cache" "callback" "cliconf" "connection" "httpapi" "inventory" "lookup" "netconf" "shell" "vars"];
    /// Whether places are told, too.
    "lookup" "config" "show_origin" "bool" Unset::Nothing;
    /// The column to give, from 0.
    "lookup" "csvfile" "col" "int" Unset::Number(1);
    /// What is given when nothing is found.
    "lookup" "csvfile" "default" "" Unset::Nothing;
    /// What stands between columns.
    "lookup" "csvfile" "delimiter" "" Unset::Text("TAB");
    /// The encoding of the file.
    "lookup" "csvfile" "encoding" "" Unset::Text("utf-8");
    /// The file to read.
    "lookup" "csvfile" "file" "" Unset::Text("ansible.csv");
    /// The column to search, from 0.
    "lookup" "csvfile" "keycol" "int" Unset::Number(0);
    /// What is given when nothing is found.
    "lookup" "env" "default" "raw" Unset::Text("");
    /// Whether white space at the start is left out.
    "lookup" "file" "lstrip" "bool" Unset::Flag(false);
    /// Whether white space at the end is left out.
    "lookup" "file" "rstrip" "bool" Unset::Flag(true);
    /// Names of files.
    "lookup" "first_found" "files" "list" Unset::List(&[]);
    /// Directories to search.
    "lookup" "first_found" "paths" "list" Unset::List(&[]);
    /// Whether finding nothing is no error.
    "lookup" "first_found" "skip" "boolean" Unset::Flag(false);
    /// Whether keys may stand alone.
    "lookup" "ini" "allow_no_value" "bool" Unset::Flag(false);
    /// Whether case matters in keys.
    "lookup" "ini" "case_sensitive" "" Unset::Flag(false);
    /// What is given when nothing is found.
    "lookup" "ini" "default" "" Unset::Text("");
    /// The encoding of the file.
    "lookup" "ini" "encoding" "" Unset::Text("utf-8");
    /// The file to read.
    "lookup" "ini" "file" "" Unset::Text("ansible.ini");
    /// Whether values may refer to others.
    "lookup" "ini" "interpolation" "bool" Unset::Flag(true);
    /// Whether the key is a regular expression.
    "lookup" "ini" "re" "boolean" Unset::Flag(false);
    /// The section to search.
    "lookup" "ini" "section" "" Unset::Text("global");
    /// The kind of file.
    "lookup" "ini" "type" "" Unset::Text("ini"),
        choices ["ini" "properties"];
    /// What passwords are made of.
    "lookup" "password" "chars" "list" Unset::List(&["ascii_letters", "digits", ".,:-_"]);
    /// How the password is hashed.
    "lookup" "password" "encrypt" "" Unset::Nothing;
    /// The variant of the hash.
    "lookup" "password" "ident" "string" Unset::Nothing;
    /// Characters of a new password.
    "lookup" "password" "length" "integer" Unset::Number(20);
    /// What makes passwords come again.
    "lookup" "password" "seed" "str" Unset::Nothing;
    /// How many.
    "lookup" "sequence" "count" "integer" Unset::Nothing;
    /// The last number.
    "lookup" "sequence" "end" "integer" Unset::Nothing;
    /// How a number is written.
    "lookup" "sequence" "format" "" Unset::Text("%d");
    /// The first number.
    "lookup" "sequence" "start" "integer" Unset::Number(1);
    /// From one number to the next.
    "lookup" "sequence" "stride" "integer" Unset::Number(1);
    /// Whether items without the key are left out.
    "lookup" "subelements" "skip_missing" "" Unset::Flag(false);
    /// What ends a comment.
    "lookup" "template" "comment_end_string" "str" Unset::Text("#}");
    /// What starts a comment.
    "lookup" "template" "comment_start_string" "str" Unset::Text("{#");
    /// No longer used.
    "lookup" "template" "convert_data" "bool" Unset::Flag(true);
    /// No longer used.
    "lookup" "template" "jinja2_native" "bool" Unset::Flag(true);
    /// More variables.
    "lookup" "template" "template_vars" "dict" Unset::Map;
    /// Whether the line break after a block is left out.
    "lookup" "template" "trim_blocks" "bool" Unset::Flag(true);
    /// What ends an expression.
    "lookup" "template" "variable_end_string" "str" Unset::Text("}}");
    /// What starts an expression.
    "lookup" "template" "variable_start_string" "str" Unset::Text("{{");
    /// The file of trusted certificates.
    "lookup" "url" "ca_path" "string" Unset::Nothing,
        ini ["url_lookup"."ca_path"], env ["ANSIBLE_LOOKUP_URL_CA_PATH"], vars ["ansible_lookup_url_ca_path"];
    /// Ciphers to use.
    "lookup" "url" "ciphers" "list" Unset::Nothing,
        ini ["url_lookup"."ciphers"], env ["ANSIBLE_LOOKUP_URL_CIPHERS"], vars ["ansible_lookup_url_ciphers"];
    /// Which redirects are followed.
    "lookup" "url" "follow_redirects" "string" Unset::Text("urllib2"),
        ini ["url_lookup"."follow_redirects"], env ["ANSIBLE_LOOKUP_URL_FOLLOW_REDIRECTS"], vars ["ansible_lookup_url_follow_redirects"], choices ["all" "no" "none" "safe" "urllib2" "yes"];
    /// Whether caches on the way are told not to answer.
    "lookup" "url" "force" "boolean" Unset::Flag(false),
        ini ["url_lookup"."force"], env ["ANSIBLE_LOOKUP_URL_FORCE"], vars ["ansible_lookup_url_force"];
    /// Whether the login is sent without being asked for.
    "lookup" "url" "force_basic_auth" "boolean" Unset::Flag(false),
        ini ["url_lookup"."force_basic_auth"], env ["ANSIBLE_LOOKUP_URL_FORCE_BASIC_AUTH"], vars ["ansible_lookup_url_force_basic_auth"];
    /// Headers to send.
    "lookup" "url" "headers" "dictionary" Unset::Map;
    /// What we call ourselves.
    "lookup" "url" "http_agent" "string" Unset::Text("ansible-httpget"),
        ini ["url_lookup"."agent"], env ["ANSIBLE_LOOKUP_URL_AGENT"], vars ["ansible_lookup_url_agent"];
    /// The password to log in with.
    "lookup" "url" "password" "string" Unset::Nothing;
    /// Whether the answer is a list of lines.
    "lookup" "url" "split_lines" "boolean" Unset::Flag(true);
    /// Seconds to wait for an answer.
    "lookup" "url" "timeout" "float" Unset::Number(10),
        ini ["url_lookup"."timeout"], env ["ANSIBLE_LOOKUP_URL_TIMEOUT"], vars ["ansible_lookup_url_timeout"];
    /// The socket to go through.
    "lookup" "url" "unix_socket" "string" Unset::Nothing,
        ini ["url_lookup"."unix_socket"], env ["ANSIBLE_LOOKUP_URL_UNIX_SOCKET"], vars ["ansible_lookup_url_unix_socket"];
    /// Headers that are not sent on after a redirect.
    "lookup" "url" "unredirected_headers" "list" Unset::Nothing,
        ini ["url_lookup"."unredirected_headers"], env ["ANSIBLE_LOOKUP_URL_UNREDIR_HEADERS"], vars ["ansible_lookup_url_unredir_headers"];
    /// Whether GSSAPI is used.
    "lookup" "url" "use_gssapi" "boolean" Unset::Flag(false),
        ini ["url_lookup"."use_gssapi"], env ["ANSIBLE_LOOKUP_URL_USE_GSSAPI"], vars ["ansible_lookup_url_use_gssapi"];
    /// Whether logins are taken from the netrc file.
    "lookup" "url" "use_netrc" "boolean" Unset::Flag(true),
        ini ["url_lookup"."use_netrc"], env ["ANSIBLE_LOOKUP_URL_USE_NETRC"], vars ["ansible_lookup_url_use_netrc"];
    /// Whether proxies are used.
    "lookup" "url" "use_proxy" "boolean" Unset::Flag(true);
    /// The user to log in as.
    "lookup" "url" "username" "string" Unset::Nothing;
    /// Whether certificates are checked.
    "lookup" "url" "validate_certs" "boolean" Unset::Flag(true);
    /// What is given when nothing is found.
    "lookup" "vars" "default" "" Unset::Nothing;
}
