//! Speaks Terraform: typed resources in, plugin protocol 6 out. Knows no Kubernetes.

pub mod serve;
pub mod value;
