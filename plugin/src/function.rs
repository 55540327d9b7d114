//! A provider function: pure, from arguments to a result.

use crate::problem::Problem;
use crate::resource::Input;
use crate::schema::derive::{self, Error, Role};
use crate::schema::{Attribute, Attributes};
use crate::typed;
use crate::value::{Step, Type, Value, bridge};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// Why a function has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong, as a whole sentence.
    pub text: String,
    /// Name of the parameter that it is about.
    pub parameter: Option<&'static str>,
}

/// A provider function. The same arguments always give the same result; it sees neither the provider's
/// configuration nor the outside world. The doc comment of the type is its documentation page.
pub trait Function: JsonSchema + Send + Sync + Sized + 'static {
    /// The name, such as `tenant_path`.
    const NAME: &'static str;
    /// One line of what it does.
    const SUMMARY: &'static str;
    /// The fields of [`Function::Arguments`] in the order of the parameters.
    const PARAMETERS: &'static [&'static str];

    /// One field per parameter. An `Option` may be null.
    type Arguments: Input;
    /// What it returns.
    type Output: Serialize + JsonSchema + Send + 'static;

    /// The result for `arguments`.
    fn call(arguments: Self::Arguments) -> Result<Self::Output, FunctionError>;
}

/// The boxed twin of [`Function`], for the provider's table.
pub trait DynFunction: Send + Sync {
    /// The name.
    fn name(&self) -> &str;
    /// One line of what it does.
    fn summary(&self) -> &str;
    /// What it does, in Markdown.
    fn description(&self) -> &str;
    /// The parameters in order.
    fn parameters(&self) -> &[(&'static str, Attribute)];
    /// The type of the result.
    fn output(&self) -> Type;
    /// The result for `arguments`, one per parameter; the error names the parameter by its index.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, (String, Option<i64>)>;
}

struct Erased<F> {
    description: String,
    parameters: Vec<(&'static str, Attribute)>,
    output: Type,
    function: PhantomData<fn() -> F>,
}

#[derive(JsonSchema, Serialize)]
struct Holder<T> {
    output: T,
}

/// The boxed twin of `F`.
pub fn erase<F: Function>() -> Result<Box<dyn DynFunction>, Error> {
    let mut arguments = derive::attributes::<F::Arguments>(Role::Unstored)?;
    let parameter = |name: &&'static str| {
        let missing = || Error { path: (*name).to_owned(), reason: "is a parameter without a field".into() };
        Ok((*name, arguments.remove(*name).ok_or_else(missing)?))
    };
    let parameters = F::PARAMETERS.iter().map(parameter).collect::<Result<Vec<_>, Error>>()?;
    if let Some(name) = arguments.keys().next() {
        return Err(Error { path: name.clone(), reason: "is a field without a parameter".into() });
    }
    let mut output = derive::attributes::<Holder<F::Output>>(Role::Output)?;
    let output = output.remove("output").map_or(Type::Dynamic, |attribute| attribute.ty());
    Ok(Box::new(Erased::<F> {
        description: derive::description::<F>(),
        parameters,
        output,
        function: PhantomData,
    }))
}

impl<F: Function> DynFunction for Erased<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn summary(&self) -> &str {
        F::SUMMARY
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn parameters(&self) -> &[(&'static str, Attribute)] {
        &self.parameters
    }

    fn output(&self) -> Type {
        self.output.clone()
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, (String, Option<i64>)> {
        let bug = |problem: Problem| (problem.detail, None);
        let attributes: Attributes =
            self.parameters.iter().map(|(name, attribute)| ((*name).to_owned(), attribute.clone())).collect();
        let fields: BTreeMap<String, Value> =
            self.parameters.iter().map(|(name, _)| (*name).to_owned()).zip(arguments).collect();
        let object = Value::Object(fields);
        if let Some(problem) =
            crate::schema::constraint::check(&attributes, &object, &Default::default()).into_iter().next()
        {
            let named = |name: &str| problem.path.steps().first() == Some(&Step::Attribute(name.to_owned()));
            let index = self.parameters.iter().position(|(name, _)| named(name));
            return Err((problem.detail, index.map(|index| index as i64)));
        }
        let arguments = typed::read(&attributes, &object).map_err(bug)?;
        let output = F::call(arguments).map_err(|error| {
            let index = self.parameters.iter().position(|(name, _)| Some(*name) == error.parameter);
            (error.text, index.map(|index| index as i64))
        })?;
        let json = serde_json::to_value(output)
            .map_err(|_| bug(Problem::bug("a result cannot be written as JSON")))?;
        bridge::from_json(json, &self.output).map_err(|why| bug(Problem::bug(why.to_string())))
    }
}
