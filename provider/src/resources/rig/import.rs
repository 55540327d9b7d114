//! An import by its id, and the plans and applies after it. The provider block names the repository, and each of them is
//! another run.

use super::{PASSWORD, Rig, shown};
use crate::provider::Gitops;
use crate::resources::life::Object;
use gitops::git::Settings;
use serde_json::Value as Json;
use std::sync::Arc;
use tfplugin_rs::Resource;
use tfplugin_rs::resource::erase;
use tfplugin_rs::value::{Type, Value, bridge, json};

/// An object that was imported.
pub struct Imported<'a> {
    rig: &'a Rig,
    ty: Type,
    object: Object,
}

impl Rig {
    /// Imports the object with this id.
    pub async fn import<R: Resource<Provider = Gitops>>(&self, id: &str) -> Imported<'_> {
        let ty = erase::<R>(R::KIND).unwrap().ty().clone();
        let mut imported = Imported { rig: self, ty, object: Object::new::<R>() };
        imported.object.import(&imported.run(), id).await.unwrap();
        assert!(!imported.object.told.iter().any(|problem| problem.is_error()), "{}", imported.told());
        imported
    }
}

impl Imported<'_> {
    fn run(&self) -> Arc<Gitops> {
        let settings = Settings { url: Some(self.rig.url()), ..Settings::default() };
        Arc::new(self.rig.gitops(PASSWORD, settings))
    }

    /// `config` with the types of what has any type.
    fn typed(&self, config: &Json) -> Json {
        let value = bridge::from_json(config.clone(), &self.ty).unwrap();
        serde_json::from_slice(&json::encode(&value, &self.ty).unwrap()).unwrap()
    }

    /// What the last of them told.
    pub fn told(&self) -> String {
        self.rig.plain(&shown(&self.object.told))
    }

    /// Reads it.
    pub async fn refresh(&mut self) {
        self.object.refresh(&self.run()).await;
    }

    /// What is known of it.
    pub fn state(&self) -> Json {
        bridge::to_json(&self.object.state, &self.ty).unwrap()
    }

    /// The attributes that a plan of `config` changes.
    pub async fn changes(&mut self, config: &Json) -> Vec<String> {
        let (run, config) = (self.run(), self.typed(config));
        let planned = self.object.plan_unrefreshed(&run, &config).await;
        let (Value::Object(before), Some(Value::Object(after))) = (&self.object.state, planned) else {
            return Vec::new();
        };
        let changed = after.into_iter().filter(|(name, value)| before.get(name) != Some(value));
        changed.map(|(name, _)| name).collect()
    }

    /// Refreshes, plans and applies `config`, which nobody has anything to say of.
    pub async fn apply(&mut self, config: &Json) {
        let (run, config) = (self.run(), self.typed(config));
        assert!(self.object.apply(&run, &config).await, "there was nothing to do");
        assert_eq!(self.object.told, []);
    }
}
