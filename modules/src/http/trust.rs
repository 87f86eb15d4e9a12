//! Which certificates are trusted: the node's CA bundle, wherever its distribution keeps it, plus the task's `ca_path`.

use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use super::client::Request;
use super::error::HttpError;

const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
];

pub(super) fn config(request: &Request) -> Result<TlsConfig, HttpError> {
    let mut builder = TlsConfig::builder().disable_verification(!request.validate_certs);
    if request.validate_certs {
        builder = builder.root_certs(RootCerts::Specific(Arc::new(trusted(request)?)));
    }
    if let Some(cert) = &request.client_cert {
        builder = builder.client_cert(Some(client_cert(cert, request.client_key.as_deref().unwrap_or(cert))?));
    }
    Ok(builder.build())
}

fn trusted(request: &Request) -> Result<Vec<Certificate<'static>>, HttpError> {
    let mut certificates = match &request.ca_bundle {
        Some(bundle) => read_certificates(Path::new(bundle)).unwrap_or_default(),
        None => BUNDLES.iter().find_map(|path| read_certificates(Path::new(path)).ok()).unwrap_or_default(),
    };
    if let Some(path) = &request.ca_path {
        certificates.extend(read_certificates(path)?);
    }
    Ok(certificates)
}

/// The certificates of a PEM file; other items and damaged ones are left out.
fn read_certificates(path: &Path) -> Result<Vec<Certificate<'static>>, HttpError> {
    let pem = read(path)?;
    let items = parse_pem(&pem).filter_map(Result::ok);
    Ok(items.filter_map(|item| if let PemItem::Certificate(found) = item { Some(found) } else { None }).collect())
}

fn client_cert(cert: &Path, key: &Path) -> Result<ClientCert, HttpError> {
    let chain = read_certificates(cert)?;
    let key = PrivateKey::from_pem(&read(key)?)?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

fn read(path: &Path) -> Result<Vec<u8>, HttpError> {
    std::fs::read(path).map_err(|error| HttpError::Unusable(crate::error::os_error(&error, &path.to_string_lossy())))
}
