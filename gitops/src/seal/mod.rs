//! Sealed Secrets: values in Git that only the controller of one cluster opens.
//!
//! Pure: certificates, ciphertexts and SealedSecret objects, in and out. The format is that of Bitnami's Sealed Secrets
//! (its `pkg/crypto`, which its `docs/developer/crypto.md` describes), byte for byte, so that its controller and
//! `kubeseal` read what is written here, and the reverse:
//!
//! ```text
//! value = base64(u16be(length of a) ‖ a ‖ b)
//! a     = RSA-OAEP with SHA-256 and MGF1-SHA-256, labelled with the scope, of K
//! b     = AES-256-GCM under K of the value, nonce of twelve zeros, tag at the end
//! K     = 32 random bytes, never used again
//! ```
//!
//! Sealing is random: the same value never gives the same ciphertext, and nobody can tell from a ciphertext whether it
//! holds a value. No error and no `Debug` of this room shows one.

mod certificate;
mod cipher;
mod delivery;
mod error;
pub mod keys;
mod object;
mod private_key;
mod scope;
mod size;
mod target;
#[cfg(test)]
mod tests;

pub use certificate::Certificate;
pub use cipher::{check, seal, seal_all, unseal};
pub use delivery::{Delivery, Former};
pub use error::Error;
pub use object::{SealedSecret, Template};
pub use private_key::PrivateKey;
pub use scope::Scope;
pub use target::{Found, Refused, Target};
