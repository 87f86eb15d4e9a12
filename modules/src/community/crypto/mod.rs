//! `community.crypto`: one file per module; a module exists when it is in this table.

use crate::Module;

mod asked;
mod certificate;
mod crl;
mod der;
mod extension_info;
mod extensions;
mod general_name;
mod hashes;
mod names;
mod openssh_keypair;
mod openssl_csr;
mod openssl_csr_info;
mod openssl_dhparam;
mod openssl_pkcs12;
mod openssl_privatekey;
mod openssl_privatekey_info;
mod openssl_publickey;
mod output_file;
mod pem;
mod pkcs12;
mod private_key;
mod public_key;
mod punycode;
mod request;
mod wanted_extensions;
mod x509_certificate;
mod x509_certificate_info;
mod x509_crl;
mod x509_crl_info;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &openssh_keypair::MODULE,
    &openssl_csr::MODULE,
    &openssl_csr::PIPE,
    &openssl_csr_info::MODULE,
    &openssl_dhparam::MODULE,
    &openssl_pkcs12::MODULE,
    &openssl_privatekey::MODULE,
    &openssl_privatekey_info::MODULE,
    &openssl_publickey::MODULE,
    &x509_certificate::MODULE,
    &x509_certificate_info::MODULE,
    &x509_crl::MODULE,
    &x509_crl_info::MODULE,
];
