//! Following redirects: which ones, and with what request.

use super::address::Address;
use super::client::Request;
use super::response::Response;

/// Longer chains are taken for loops.
pub(super) const MOST: usize = 10;

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// Of GET and HEAD only.
    Safe,
    All,
    /// Those Python's `urllib` follows by itself, each with a GET.
    AsPython,
    None,
}

/// Where the response sends us, when the request may follow.
pub(super) fn target(request: &Request, response: &Response, address: &Address) -> Option<Address> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let follows = match request.redirects {
        Redirects::All => true,
        Redirects::AsPython => {
            matches!(request.method.as_str(), "GET" | "HEAD")
                || (request.method == "POST" && matches!(response.status, 301..=303))
        }
        Redirects::Safe => matches!(request.method.as_str(), "GET" | "HEAD"),
        Redirects::None => false,
    };
    let target = address.join(response.header("location").filter(|_| follows)?)?;
    // A redirect must not read local files.
    matches!(target.scheme.as_str(), "http" | "https").then_some(target)
}

/// The request for the next address: 307 and 308 repeat it, the others become a GET.
pub(super) fn follow(request: &mut Request, status: u16) {
    let unredirected = std::mem::take(&mut request.unredirected_headers);
    request.headers.retain(|(name, _)| !unredirected.iter().any(|listed| listed.eq_ignore_ascii_case(name)));
    if matches!(status, 307 | 308) && request.redirects != Redirects::AsPython {
        return;
    }
    request.body = None;
    let is_content = |name: &str| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "content-length" | "content-type" | "transfer-encoding")
    };
    request.headers.retain(|(name, _)| !is_content(name));
    if request.method != "HEAD" || request.redirects == Redirects::AsPython {
        "GET".clone_into(&mut request.method);
    }
}

pub(super) fn looping(mut response: Response) -> Response {
    response.reason = format!(
        "The HTTP server returned a redirect error that would lead to an infinite loop.\n\
         The last 30x error message was:\n{}",
        response.reason
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Body;

    fn response(status: u16, location: &str) -> Response {
        Response {
            status,
            reason: String::new(),
            url: String::new(),
            headers: vec![("location".to_owned(), location.to_owned())],
            body: Box::new(std::io::empty()),
        }
    }

    #[test]
    fn redirects_are_followed_as_far_as_allowed() {
        let address = Address::parse("http://h/a").unwrap();
        let leads = |method: &str, redirects, status, location: &str| {
            let request = Request { method: method.to_owned(), redirects, ..Request::get("http://h/a") };
            target(&request, &response(status, location), &address).map(|address| address.url())
        };
        assert_eq!(leads("GET", Redirects::Safe, 302, "b").as_deref(), Some("http://h/b"));
        assert_eq!(leads("POST", Redirects::Safe, 302, "b"), None);
        assert_eq!(leads("POST", Redirects::All, 302, "b").as_deref(), Some("http://h/b"));
        assert_eq!(leads("GET", Redirects::None, 302, "b"), None);
        assert_eq!(leads("GET", Redirects::All, 200, "b"), None);
        assert_eq!(leads("GET", Redirects::All, 302, "file:///etc/passwd"), None);
    }

    #[test]
    fn a_redirected_post_becomes_a_get_unless_it_is_to_be_repeated() {
        let post = || Request {
            method: "POST".to_owned(),
            body: Some(Body::Bytes(vec![1])),
            headers: ["Content-Type", "X-A", "X-B"].map(|name| (name.to_owned(), "v".to_owned())).to_vec(),
            unredirected_headers: vec!["x-a".to_owned()],
            ..Request::get("http://h/")
        };
        let mut request = post();
        follow(&mut request, 302);
        assert_eq!((request.method.as_str(), request.body.is_none(), request.headers.len()), ("GET", true, 1));
        let mut request = post();
        follow(&mut request, 307);
        assert_eq!((request.method.as_str(), request.body.is_some(), request.headers.len()), ("POST", true, 2));
    }
}
