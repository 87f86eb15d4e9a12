//! `Cloud`: what a module works with: its arguments, a client of its region, and whether it may change anything.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::Filter;
use kapell_executor::controller_module::{ControllerCall, ControllerError, ControllerFuture};
use kapell_modules::{Args, Map};
use serde_json::{Value as Json, json};

use crate::access::Access;
use crate::api_error::{ApiError, Place};

/// Between two looks at something that takes its time.
const PAUSE: Duration = Duration::from_secs(2);

pub(crate) type Outcome = Result<Map, ApiError>;

pub(crate) struct Cloud {
    pub(crate) client: Client,
    pub(crate) place: Place,
    pub(crate) args: Args,
    pub(crate) check: bool,
    pub(crate) diff: bool,
}

/// Runs `module` once AWS can be reached.
pub(crate) fn run<F>(call: ControllerCall, module: fn(Cloud) -> F) -> ControllerFuture
where
    F: Future<Output = Outcome> + Send + 'static,
{
    Box::pin(async move {
        let cloud = Cloud::connect(call).await.map_err(failed)?;
        module(cloud).await.map_err(failed)
    })
}

fn failed(error: ApiError) -> ControllerError {
    let mut extra = Map::new();
    if let Some(code) = &error.code {
        extra.insert("error".to_owned(), json!({"code": code, "message": error.message}));
    }
    ControllerError { message: error.with_hint(), extra }
}

impl Cloud {
    async fn connect(call: ControllerCall) -> Result<Self, ApiError> {
        let access = access(&call.args, &call.environment)?;
        let session = access.session().await?;
        let region = session.region().map(str::to_owned).ok_or_else(ApiError::no_region)?;
        let (client, place) = (session.client(&region), session.place(&region));
        Ok(Self { client, place, args: call.args, check: call.check, diff: call.diff })
    }

    /// For `map_err`: what the call `operation` failed with.
    pub(crate) fn failed<E>(&self, operation: &str) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        move |error| ApiError::of_call(operation, &error, &self.place)
    }

    /// A text argument that is given and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A number as the API takes it.
    pub(crate) fn number(&self, name: &str) -> Option<i32> {
        self.args.opt_int(name).map(|number| number as i32)
    }

    pub(crate) fn wants_absent(&self) -> bool {
        self.args.opt_str("state") == Some("absent")
    }

    pub(crate) fn waits(&self) -> bool {
        self.args.opt_bool("wait") != Some(false)
    }

    /// Looks until there is something to see, because what was made just now may not be known everywhere; once when the
    /// task does not wait. `what` is what is not there yet.
    pub(crate) async fn until<T, F>(&self, what: &str, mut look: impl FnMut() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<Option<T>, ApiError>>,
    {
        let patience = self.patience();
        loop {
            match (look().await, &patience) {
                (Ok(Some(seen)), _) => return Ok(seen),
                (Ok(None), Some(patience)) => patience.pause(what).await?,
                (Err(error), Some(patience)) if error.is_not_found() => patience.pause(what).await?,
                (Ok(None), None) => return Err(ApiError::new(what)),
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// The limit that `wait_timeout` sets, from now on; nothing when the task does not wait.
    pub(crate) fn patience(&self) -> Option<Patience> {
        let seconds = self.args.opt_int("wait_timeout").unwrap_or(600).max(0);
        self.waits().then(|| Patience { until: Instant::now() + Duration::from_secs(seconds as u64), seconds })
    }
}

/// How long to look at something that is to change.
pub(crate) struct Patience {
    until: Instant,
    seconds: i64,
}

impl Patience {
    /// Waits a little. Fails once the time is up; `what` is what was waited for.
    pub(crate) async fn pause(&self, what: &str) -> Result<(), ApiError> {
        if Instant::now() + PAUSE > self.until {
            return Err(ApiError::new(format!("timed out after {} seconds: {what}", self.seconds))
                .hint("wait_timeout gives it more time"));
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }
}

fn access(args: &Args, environment: &HashMap<String, String>) -> Result<Access, ApiError> {
    let text = |name: &str| args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let access = Access {
        region: text("region"),
        profile: text("profile"),
        key_id: text("access_key"),
        secret_key: text("secret_key"),
        session_token: text("session_token"),
        endpoint_url: text("endpoint_url"),
        assume_role_arn: None,
        ca_bundle: text("aws_ca_bundle"),
    };
    if access.profile.is_some() && access.key_id.is_some() {
        return Err(ApiError::new("parameters are mutually exclusive: profile|access_key"));
    }
    let access = access.or_environment(environment, "EC2");
    let is_plain = access.endpoint_url.as_deref().is_some_and(|url| url.starts_with("http://"));
    if args.opt_bool("validate_certs") == Some(false) && !is_plain {
        return Err(ApiError::new("validate_certs=false is not supported")
            .hint("name the authority's certificates in aws_ca_bundle (AWS_CA_BUNDLE)"));
    }
    Ok(access)
}

pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// A `filters` argument: names to a value or a list of values.
pub(crate) fn filters(map: Option<&Map>) -> Vec<Filter> {
    let values = |value: &Json| match value {
        Json::Array(values) => values.iter().map(word).collect(),
        value => vec![word(value)],
    };
    map.into_iter().flatten().map(|(name, value)| filter(name, values(value))).collect()
}

/// A value as the API wants it: text.
pub(crate) fn word(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn result(changed: bool, entries: impl IntoIterator<Item = (&'static str, Json)>) -> Map {
    let changed = ("changed".to_owned(), Json::Bool(changed));
    std::iter::once(changed).chain(entries.into_iter().map(|(key, value)| (key.to_owned(), value))).collect()
}
