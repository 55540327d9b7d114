//! What is made of the bytes of a source.

use gitops::argo;
use gitops::install::{self, Error, Prepared, Product};

/// What is made of the bytes of a source.
#[derive(Clone, PartialEq)]
pub enum Recipe {
    /// Argo CD, with its settings.
    ArgoCd(argo::prepare::Wishes),
    /// Something without settings of its own.
    Plain(&'static Product, install::Wishes),
}

impl Recipe {
    /// What is installed.
    pub fn product(&self) -> &'static Product {
        match self {
            Self::ArgoCd(_) => &argo::install::PRODUCT,
            Self::Plain(product, _) => product,
        }
    }

    /// Where it is installed.
    pub fn namespace(&self) -> &str {
        match self {
            Self::ArgoCd(wishes) => &wishes.install.namespace,
            Self::Plain(_, wishes) => &wishes.namespace,
        }
    }

    /// Makes it of the text of a manifest.
    pub(super) fn prepare(&self, text: &[u8]) -> Result<Prepared, Error> {
        match self {
            Self::ArgoCd(wishes) => argo::prepare::prepare(text, wishes),
            Self::Plain(product, wishes) => install::prepare(product, text, wishes),
        }
    }
}
