//! `image_ref`: the parts of an image reference.

use super::wrong;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tfplugin_rs::{Function, FunctionError};

/// The parts of a container image reference: `registry`, `repository`, `tag` and `digest`. A reference without a registry
/// is one of Docker Hub, as container engines have it; a tag or digest that it does not have is null, never `latest`.
#[derive(JsonSchema)]
pub struct ImageRef;

/// The parameters.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The reference, such as `registry.example:5000/team/app:1.2.3`.
    pub image: String,
}

impl Function for ImageRef {
    const NAME: &'static str = "image_ref";
    const SUMMARY: &'static str = "The parts of a container image reference";
    const PARAMETERS: &'static [&'static str] = &["image"];
    type Arguments = Arguments;
    type Output = gitops::image::ImageRef;

    fn call(arguments: Arguments) -> Result<gitops::image::ImageRef, FunctionError> {
        gitops::image::ImageRef::parse(&arguments.image).map_err(|error| wrong("image", &error))
    }
}
