//! jq filters over the rows of a cache: jaq's language, without what reaches out of it.
//!
//! A filter sees a row by its meaning (see [`value`]) and knows four variables: `$key`, the full key;
//! `$id`, the row id; `$fetched_at`, in seconds since 1970; and `$age`, in seconds. Within its reach are
//! neither files, nor the environment, nor the clock, nor the end of the process.

mod fault;
pub mod lossless;
pub mod value;

pub use fault::Fault;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data};
use jaq_json::{Num, Val};
use std::{io, panic, thread};

type Data = data::JustLut<Val>;

/// Variables that a filter can use, in the order in which [`Row`] binds them.
const VARIABLES: [&str; 4] = ["$key", "$id", "$fetched_at", "$age"];

/// What is out of reach: it ends the process, reads its input, its environment or its clock, or writes
/// past our output.
const OUT_OF_REACH: [&str; 11] =
    ["halt", "halt_error", "input", "inputs", "env", "now", "localtime", "strflocaltime", "debug", "stderr", "repl"];

/// Natives that the definitions above are made of.
const OUT_OF_REACH_NATIVES: [&str; 2] = ["debug_empty", "stderr_empty"];

/// Brackets that may enclose each other: jaq's parser calls itself for each of them.
const MAX_NESTING: usize = 200;

/// Bytes of a filter: what it nests without brackets, such as `---1`, is bounded by this.
const MAX_LEN: usize = 2048;

/// Bytes of stack for a thread that compiles or runs filters: jaq calls itself for what encloses each other
/// in a filter and in a value.
const STACK: usize = 256 * 1024 * 1024;

/// Runs work that compiles or runs filters on a thread whose stack has room for the deepest ones.
///
/// # Errors
/// The system's, where it has no room for such a thread.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
        Ok(worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)))
    })
}

/// A filter, compiled.
pub struct Filter {
    compiled: jaq_core::Filter<Data>,
}

/// What a filter is told of a row beside its fields.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// The full key of the entry.
    pub key: &'r str,
    /// The row id.
    pub id: &'r str,
    /// When the entry was fetched, in seconds since 1970; null to the filter if that is not known.
    pub fetched_at: Option<u64>,
    /// Seconds since then, negative for a time in the future; null likewise.
    pub age: Option<i64>,
}

impl Filter {
    /// Compiles a filter whose input is a row.
    pub fn compile(code: &str) -> Result<Filter, Fault> {
        Filter::with_variables(code, &VARIABLES)
    }

    /// Compiles a filter that knows no variables, for [`Filter::value_of`].
    pub fn without_variables(code: &str) -> Result<Filter, Fault> {
        Filter::with_variables(code, &[])
    }

    fn with_variables(code: &str, variables: &[&'static str]) -> Result<Filter, Fault> {
        check_size(code)?;
        let is_in_reach = |name: &str| !OUT_OF_REACH.contains(&name) && !OUT_OF_REACH_NATIVES.contains(&name);
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let natives = jaq_core::funs::<Data>().chain(jaq_std::funs()).chain(jaq_json::funs());

        let arena = Arena::default();
        let loader = Loader::new(definitions.filter(|definition| is_in_reach(definition.name)));
        let modules = loader.load(&arena, File { code, path: () }).map_err(|faults| Fault::of_loading(code, faults))?;
        let compiled = Compiler::default()
            .with_funs(natives.filter(|(name, ..)| is_in_reach(name)))
            .with_global_vars(variables.iter().copied())
            .compile(modules)
            .map_err(|faults| Fault::of_compiling(code, faults, &OUT_OF_REACH))?;
        Ok(Filter { compiled })
    }

    /// Whether the filter is true of a row: it gives a value that is neither null nor false, as for jq's
    /// `select`.
    pub fn is_true_of(&self, row: Row<'_>, fields: Val) -> Result<bool, Fault> {
        for value in self.results(row, fields) {
            if !matches!(value?, Val::Null | Val::Bool(false)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All values that the filter gives for a row, in order.
    pub fn values_of(&self, row: Row<'_>, fields: Val) -> Result<Vec<Val>, Fault> {
        self.results(row, fields).collect()
    }

    /// The one value that a filter without variables gives.
    pub fn value_of(&self, input: Val) -> Result<Val, Fault> {
        let mut results = self.run(Vars::new([]), input);
        match (results.next(), results.next()) {
            (Some(Ok(value)), None) => Ok(value),
            (Some(Err(fault)), _) | (_, Some(Err(fault))) => Err(fault),
            (None, _) => Err(Fault::new("it gives no value, where one is needed")),
            (Some(_), Some(_)) => Err(Fault::new("it gives several values, where one is needed")),
        }
    }

    fn results(&self, row: Row<'_>, input: Val) -> impl Iterator<Item = Result<Val, Fault>> + '_ {
        let text = |text: &str| Val::utf8_str(text.to_owned());
        let number = |number: Option<Num>| number.map_or(Val::Null, Val::Num);
        let variables = Vars::new([
            text(row.key),
            text(row.id),
            number(row.fetched_at.map(Num::from_integral)),
            number(row.age.map(Num::from_integral)),
        ]);
        self.run(variables, input)
    }

    fn run(&self, variables: Vars<Val>, input: Val) -> impl Iterator<Item = Result<Val, Fault>> + '_ {
        let context = Ctx::<Data>::new(&self.compiled.lut, variables);
        self.compiled.id.run((context, input)).map(|result| {
            result.map_err(|exception| match exception.get_err() {
                Ok(error) => Fault::new(error.to_string()),
                Err(_) => Fault::new("it stops, and gives no value"),
            })
        })
    }
}

/// Refuses what jaq's parser, which calls itself, could overflow the stack on.
fn check_size(code: &str) -> Result<(), Fault> {
    if code.len() > MAX_LEN {
        return Err(Fault::new(format!("it is longer than {MAX_LEN} bytes")));
    }
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Fault::at(code, at, format!("more than {MAX_NESTING} brackets enclose each other")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ciborium::Value;

    const ROW: Row<'_> = Row { key: "clients/page_1", id: "c1", fetched_at: Some(1_770_000_000), age: Some(60) };

    fn gives(code: &str, input: &Value) -> Result<String, String> {
        let filter = Filter::compile(code).map_err(|fault| fault.to_string())?;
        let values = filter.values_of(ROW, value::of(input)).map_err(|fault| fault.to_string())?;
        Ok(values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    fn tag(tag: u64, content: impl Into<Value>) -> Value {
        Value::Tag(tag, Box::new(content.into()))
    }

    #[test]
    fn values_are_seen_by_their_meaning() {
        let price = tag(10, "12345678901234567890.50");
        assert_eq!(gives(".", &price).unwrap(), "12345678901234567890.50", "a decimal keeps its digits");
        assert_eq!(gives("type", &price).unwrap(), r#""number""#);
        assert_eq!(gives(". > 5 and . < \"\"", &price).unwrap(), "true", "a decimal is not greater than every number");
        let date = tag(12, vec![Value::from(1_770_000_000), Value::from(0)]);
        assert_eq!(gives(".", &date).unwrap(), r#""2026-02-02T02:40:00Z""#);
        assert_eq!(gives(". > \"2026-02-01\"", &date).unwrap(), "true");
        assert_eq!(gives(".", &tag(14, vec![Value::from(90), Value::from(500_000_000)])).unwrap(), "90.5");
        assert_eq!(gives(".", &tag(8, vec![Value::from("person"), Value::from("anna")])).unwrap(), r#""person:anna""#);
        assert_eq!(gives(".", &tag(6, Value::Null)).unwrap(), "null");
        assert_eq!(gives(".", &tag(88, vec![Value::from(1), Value::from(2)])).unwrap(), "[1,2]");
        assert_eq!(gives(".", &tag(4711, "x")).unwrap(), r#""x""#);
        assert_eq!(gives("length", &Value::Bytes(vec![0, 255])).unwrap(), "2");
    }

    #[test]
    fn integers_of_any_size_are_exact() {
        let huge = tag(2, Value::Bytes(vec![1, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(gives(". + 1", &huge).unwrap(), "18446744073709551617");
        assert_eq!(gives(". == 18446744073709551615", &u64::MAX.into()).unwrap(), "true");
        assert_eq!(gives(". == 18446744073709551614", &u64::MAX.into()).unwrap(), "false");
    }

    #[test]
    fn the_variables_are_those_of_the_row() {
        let all = gives("$key, $id, $fetched_at, $age", &Value::Null).unwrap();
        assert_eq!(all, r#""clients/page_1" "c1" 1770000000 60"#);
    }

    #[test]
    fn only_null_and_false_are_not_true() {
        let is_true = |code: &str| Filter::compile(code).unwrap().is_true_of(ROW, Val::Null).unwrap();
        assert!(is_true("0") && is_true("\"\"") && is_true("[]") && is_true("false, 1"));
        assert!(!is_true("null") && !is_true("false") && !is_true("empty") && !is_true(".a"));
    }

    #[test]
    fn what_reaches_out_of_a_filter_is_refused_by_name() {
        for code in ["halt", "halt(3)", "halt_error", "input", "inputs", "env", "$ENV", "now", "localtime", "debug"] {
            let refused = gives(code, &Value::Null).unwrap_err();
            let name = code.split('(').next().unwrap();
            assert!(refused.starts_with(&format!("`{name}` is out of the reach of a filter")), "{code}: {refused}");
        }
        let module = gives(r#"import "m" as m; m::f"#, &Value::Null).unwrap_err();
        assert!(module.starts_with("modules and files are out of its reach"), "{module}");
    }

    #[test]
    fn a_fault_shows_its_place() {
        assert_eq!(gives(".a | foo", &Value::Null).unwrap_err(), "`foo` is not defined\n  .a | foo\n       ^");
        assert_eq!(gives("1,\n \"ä\" | $x", &Value::Null).unwrap_err().lines().last(), Some("         ^"));
        for code in ["", ".a |", "(", "\"", ".a)", "if . then", "@"] {
            assert!(gives(code, &Value::Null).is_err() || code.is_empty(), "{code}");
        }
    }

    #[test]
    fn a_filter_that_nests_too_deep_is_refused() {
        let refused = |code: String| with_room(|| gives(&code, &Value::Null)).unwrap().unwrap_err();
        assert!(refused("(".repeat(201)).starts_with("more than 200 brackets enclose each other"));
        assert!(refused("-".repeat(2048)).contains("expected here"));
        assert!(refused("-".repeat(2049)).starts_with("it is longer than 2048 bytes"));
        assert!(refused("if ".repeat(682)).contains("expected here"));
    }
}
