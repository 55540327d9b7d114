//! Why a manifest cannot become an installation.

use super::Product;
use crate::{Explain, manifest};

/// Why a manifest cannot become an installation of a product.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not UTF-8.
    #[error("the manifest is not text: byte {position} is not UTF-8")]
    NotText {
        /// Position of the first byte that is not.
        position: usize,
    },
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(manifest::Error),
    /// A patch cannot be read, or fits nothing.
    #[error(transparent)]
    Patch(manifest::Error),
    /// Its main workload is not in it.
    #[error("the manifest does not install {}: {} is not among its {objects} objects", product.title, product.main)]
    Another {
        /// What should be installed.
        product: &'static Product,
        /// The objects that the manifest has.
        objects: usize,
    },
}

impl Explain for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { .. } => Some("A manifest is YAML; is this an archive?".into()),
            Self::Manifest(error) | Self::Patch(error) => error.hint(),
            Self::Another { product, .. } => Some(product.sources.into()),
        }
    }
}
