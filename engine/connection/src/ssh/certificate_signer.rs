//! `CertificateSigner`: signs with the private key of a certificate, RSA with SHA-2.
//!
//! russh signs for certificates of RSA keys with SHA-1, which servers do not take any more, unless it is given a signer.

use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::signature::Signer;
use russh::keys::ssh_key::Signature;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{HashAlg, PrivateKey};

pub(super) struct CertificateSigner(pub(super) Arc<PrivateKey>);

/// Why nothing was signed.
#[derive(Debug)]
pub(super) struct SigningError(String);

impl SigningError {
    pub(super) fn message(&self) -> &str {
        &self.0
    }
}

impl From<russh::SendError> for SigningError {
    fn from(error: russh::SendError) -> Self {
        Self(error.to_string())
    }
}

impl russh::Signer for CertificateSigner {
    type Error = SigningError;

    /// The data with the signature behind it, as a string of the SSH protocol.
    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, SigningError> {
        let signature = self.sign(hash, &data).map_err(SigningError)?;
        let length = u32::try_from(signature.len()).map_err(|error| SigningError(error.to_string()))?;
        data.extend(length.to_be_bytes());
        data.extend(signature);
        Ok(data)
    }
}

impl CertificateSigner {
    fn sign(&self, hash: Option<HashAlg>, data: &[u8]) -> Result<Vec<u8>, String> {
        let signature: Signature = match self.0.key_data() {
            KeypairData::Rsa(key) => (key, hash).try_sign(data),
            other => other.try_sign(data),
        }
        .map_err(|error| error.to_string())?;
        Vec::try_from(signature).map_err(|error| error.to_string())
    }
}
