//! `Access`: which account, region and address a source or a module talks to, and the client that does.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};

use crate::api_error::{ApiError, Place};

/// Throttled and failed calls are repeated with growing pauses, so often at most.
const ATTEMPTS: u32 = 8;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ATTEMPT_LIMIT: Duration = Duration::from_mins(1);
/// One call with all its attempts.
const CALL_LIMIT: Duration = Duration::from_secs(150);
const SESSION_NAME: &str = "kapell";

/// What content and environment say; nothing is what the SDK's own chain finds (environment, profile, SSO, web
/// identity, container, instance role).
#[derive(Clone, Default)]
pub(crate) struct Access {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) secret_key: Option<String>,
    pub(crate) session_token: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) assume_role_arn: Option<String>,
    /// A file with certificates of authorities to trust.
    pub(crate) ca_bundle: Option<String>,
}

impl Access {
    /// Fills what is not set from variables, a task's `environment` before the process's. `service` is what the variable
    /// with the service's own address ends with: `EC2`.
    pub(crate) fn or_environment(mut self, task: &HashMap<String, String>, service: &str) -> Self {
        let find = |names: &[&str]| {
            let value = |name: &&str| task.get(*name).cloned().or_else(|| std::env::var(name).ok());
            names.iter().find_map(value).filter(|value| !value.is_empty())
        };
        let set = |slot: &mut Option<String>, names: &[&str]| {
            *slot = slot.take().filter(|value| !value.is_empty()).or_else(|| find(names));
        };
        if self.key_id.is_none() && self.profile.is_none() {
            set(&mut self.profile, &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]);
            if self.profile.is_none() {
                set(&mut self.key_id, &["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]);
                set(&mut self.secret_key, &["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]);
                set(&mut self.session_token, &["AWS_SESSION_TOKEN"]);
            }
        }
        set(&mut self.region, &["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let own = format!("AWS_ENDPOINT_URL_{service}");
        set(&mut self.endpoint_url, &["AWS_URL", &own, "AWS_ENDPOINT_URL"]);
        set(&mut self.ca_bundle, &["AWS_CA_BUNDLE"]);
        self
    }

    /// A session: credentials found, the role assumed. Fails when there are none.
    pub(crate) async fn session(&self) -> Result<Session, ApiError> {
        if self.key_id.is_some() != self.secret_key.is_some() {
            return Err(ApiError::incomplete_keys());
        }
        let mut config = self.loader().load().await;
        if let Some(role) = &self.assume_role_arn {
            let region = config.region().cloned().unwrap_or_else(|| Region::new("us-east-1"));
            let provider = AssumeRoleProvider::builder(role).configure(&config).session_name(SESSION_NAME);
            let provider = provider.region(region).build().await;
            config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
        }
        let provider = config.credentials_provider().ok_or_else(ApiError::no_credentials)?;
        let credentials = provider
            .provide_credentials()
            .await
            .map_err(|error| ApiError::credentials(&error, self.profile.as_deref(), self.assume_role_arn.as_deref()))?;
        // Found once: clients of all regions share them.
        let provider = SharedCredentialsProvider::new(credentials);
        let config = config.into_builder().credentials_provider(provider).build();
        Ok(Session { config, endpoint: self.endpoint_url.clone() })
    }

    fn loader(&self) -> ConfigLoader {
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_PAUSE);
        let limits = TimeoutConfig::builder()
            .connect_timeout(CONNECT_LIMIT)
            .operation_attempt_timeout(ATTEMPT_LIMIT)
            .operation_timeout(CALL_LIMIT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(self.http_client())
            .retry_config(retries)
            .timeout_config(limits);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let (Some(key), Some(secret)) = (&self.key_id, &self.secret_key) {
            let token = self.session_token.clone();
            loader = loader.credentials_provider(Credentials::new(key, secret, token, None, "content"));
        }
        loader
    }

    fn http_client(&self) -> aws_sdk_ec2::config::SharedHttpClient {
        let bundle = self.ca_bundle.as_deref().and_then(|path| fs_err::read(path).ok());
        let trusted = bundle.map(|bundle| TrustStore::empty().with_pem_certificate(bundle));
        let tls = trusted.and_then(|store| TlsContext::builder().with_trust_store(store).build().ok());
        aws_smithy_http_client::Builder::new().build_with_connector_fn(move |settings, _| {
            let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            let connector = connector.tls_provider(Provider::Rustls(CryptoMode::Ring));
            match &tls {
                Some(context) => connector.tls_context(context.clone()).build(),
                None => connector.build(),
            }
        })
    }
}

/// Credentials and where to use them.
#[derive(Clone)]
pub(crate) struct Session {
    config: SdkConfig,
    endpoint: Option<String>,
}

impl Session {
    /// For calls that no client of the SDK makes.
    pub(crate) async fn credentials(&self) -> Result<Credentials, ApiError> {
        let provider = self.config.credentials_provider().ok_or_else(ApiError::no_credentials)?;
        provider.provide_credentials().await.map_err(|error| ApiError::credentials(&error, None, None))
    }

    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    pub(crate) fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    /// A client of `region`.
    pub(crate) fn client(&self, region: &str) -> Client {
        let region = Region::new(region.to_owned());
        Client::from_conf(aws_sdk_ec2::config::Builder::from(&self.config).region(region).build())
    }

    /// For messages: what `client` talks to.
    pub(crate) fn place(&self, region: &str) -> Place {
        let address = self.endpoint.clone().unwrap_or_else(|| format!("https://ec2.{region}.amazonaws.com"));
        Place { region: region.to_owned(), address }
    }
}
