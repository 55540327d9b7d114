//! Files in the format of SOPS, and such as are to become one, in JSON: no panic, nobody opens them, and what was read is
//! written so that it is read the same.
#![cfg_attr(feature = "link", no_main)]

use gitops::sops::Format;

gitops_fuzz::target!(|text: &str| gitops_fuzz::sops(text, Format::Json));
