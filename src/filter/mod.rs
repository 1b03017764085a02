//! jq filters over the rows of a cache: jaq's language without access to anything outside.
//!
//! A filter sees a row by its meaning (see [`value`]) and knows five variables: `$key`, the full key; `$id`, the row
//! id; `$fetched_at`, in seconds since 1970; `$age`, in seconds; and `$incomplete`. It cannot reach files, the
//! environment or the clock, and cannot end the process.

mod fault;
mod lossless;
mod room;
mod times;
mod updates;
mod value;

pub use fault::Fault;
use jaq_core::data::HasLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Lut, Vars};
use jaq_json::{Num, Val};
use std::collections::BTreeSet;
use vlive::Record;

/// The types of jaq that filters use.
enum Data {}

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Parts<'a>;
}

/// The parts of a filter; each is looked up before it is evaluated.
#[derive(Clone, Copy)]
struct Parts<'a>(&'a Lut<Data>);

impl<'a> HasLut<'a, Data> for Parts<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        room::check();
        self.0
    }
}

/// Variables that a filter can use, in the order in which [`Row`] binds them.
const VARIABLES: [&str; 5] = ["$key", "$id", "$fetched_at", "$age", "$incomplete"];

/// Functions that are not available: they end the process, read its input, its environment or its clock, or write to
/// its output directly.
const OUT_OF_REACH: [&str; 11] =
    ["halt", "halt_error", "input", "inputs", "env", "now", "localtime", "strflocaltime", "debug", "stderr", "repl"];

/// Natives behind the definitions above.
const OUT_OF_REACH_NATIVES: [&str; 2] = ["debug_empty", "stderr_empty"];

/// Nesting depth of brackets: jaq's parser recurses for each of them.
const MAX_NESTING: usize = 200;

/// Bytes of a filter; this bounds nesting without brackets, such as `---1`.
const MAX_LEN: usize = 2048;

/// The name of the filter among the definitions.
const MAIN: &str = "_main";

/// A filter, compiled.
pub struct Filter {
    compiled: jaq_core::Filter<Data>,
}

/// The variables of a filter for a row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// The full key of the entry.
    pub key: &'r str,
    /// The row id.
    pub id: &'r str,
    /// When the entry was fetched, in seconds since 1970; null to the filter if that is not known.
    pub fetched_at: Option<u64>,
    /// Seconds since then, negative for a time in the future; null to the filter if the time is not known.
    pub age: Option<i64>,
    /// Whether diorama still has to fetch some of its fields.
    pub is_incomplete: bool,
}

impl Filter {
    /// Compiles a filter whose input is a row.
    pub fn compile(code: &str) -> Result<Filter, Fault> {
        room::bounded(|| Filter::with_variables(code, &VARIABLES))
    }

    /// Compiles a filter that knows no variables, for [`Filter::apply`].
    pub fn without_variables(code: &str) -> Result<Filter, Fault> {
        room::bounded(|| Filter::with_variables(code, &[]))
    }

    fn with_variables(code: &str, variables: &[&'static str]) -> Result<Filter, Fault> {
        check_size(code)?;
        let is_in_reach = |name: &str| !OUT_OF_REACH.contains(&name) && !OUT_OF_REACH_NATIVES.contains(&name);
        let definitions = || {
            let all = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
            all.filter(|definition| is_in_reach(definition.name)).chain(updates::definitions())
        };
        let natives = || jaq_core::funs::<Data>().chain(jaq_std::funs()).chain(jaq_json::funs());

        // Faults refer to the filter as it was typed.
        let arena = Arena::default();
        let typed = Loader::new(definitions()).load(&arena, File { code, path: () });
        typed.map_err(|faults| Fault::of_loading(code, faults))?;
        let mut body = load::parse(code, |parser| parser.term()).ok_or_else(|| Fault::new("it is not a jq filter"))?;
        updates::rewrite(&mut body);
        let main = Def { name: MAIN, args: Vec::new(), body };
        let modules = Loader::new(definitions().map(shortened).chain([main]))
            .load(&arena, File { code: MAIN, path: () })
            .map_err(|faults| Fault::of_loading(code, faults))?;
        let arities = |name: &str| {
            let defined = definitions().map(|definition| (definition.name, definition.args.len()));
            let natives = natives().map(|(name, arguments, _)| (name, arguments.len()));
            let named = defined.chain(natives).filter(|(own, _)| is_in_reach(own) && *own == name);
            named.map(|(_, arguments)| arguments).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let compiled = Compiler::default()
            .with_funs(
                natives().filter(|(name, ..)| is_in_reach(name)).chain(updates::natives()).chain([times::native()]),
            )
            .with_global_vars(variables.iter().copied())
            .compile(modules)
            .map_err(|faults| Fault::of_compiling(code, faults, &OUT_OF_REACH, arities))?;
        Ok(Filter { compiled })
    }

    /// Whether the filter is true of a row: it gives a value that is neither null nor false, as for jq's
    /// `select`.
    pub fn is_true_of(&self, row: Row<'_>, record: &Record) -> Result<bool, Fault> {
        room::bounded(|| {
            for value in self.results(row, value::of_record(record)) {
                if !matches!(value?, Val::Null | Val::Bool(false)) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    /// All results of the filter for a row, in order. An object is a row with its fields; anything else is the field
    /// `value`.
    pub fn records_of(&self, row: Row<'_>, record: &Record) -> Result<Vec<Record>, Fault> {
        room::bounded(|| {
            let results = self.results(row, value::of_record(record));
            results.map(|result| value::to_record(&result?)).collect()
        })
    }

    /// The single result of a filter without variables for lossless JSON, in the same form.
    pub fn apply(&self, json: &str) -> Result<String, Fault> {
        room::bounded(|| {
            let mut results = self.run(Vars::new([]), lossless::read(json));
            match (results.next(), results.next()) {
                (Some(Ok(value)), None) => lossless::write(&value),
                (Some(Err(fault)), _) | (_, Some(Err(fault))) => Err(fault),
                (None, _) => Err(Fault::new("it gives no value, where one is needed")),
                (Some(_), Some(_)) => Err(Fault::new("it gives several values, where one is needed")),
            }
        })
    }

    fn results(&self, row: Row<'_>, input: Val) -> impl Iterator<Item = Result<Val, Fault>> + '_ {
        let text = |text: &str| Val::utf8_str(text.to_owned());
        let number = |number: Option<Num>| number.map_or(Val::Null, Val::Num);
        let variables = Vars::new([
            text(row.key),
            text(row.id),
            number(row.fetched_at.map(Num::from_integral)),
            number(row.age.map(Num::from_integral)),
            row.is_incomplete.into(),
        ]);
        self.run(variables, input)
    }

    fn run(&self, variables: Vars<Val>, input: Val) -> impl Iterator<Item = Result<Val, Fault>> + '_ {
        let context = Ctx::<Data>::new(Parts(&self.compiled.lut), variables);
        self.compiled.id.run((context, input)).map(|result| {
            result.map_err(|exception| match exception.get_err() {
                Ok(error) => match error.into_val() {
                    Val::TStr(what) => Fault::new(String::from_utf8_lossy(&what)),
                    other => Fault::new(other.to_string()),
                },
                Err(_) => Fault::new("it stops, and gives no value"),
            })
        })
    }
}

/// The definition, with the lifetime of a filter's own definitions.
fn shortened<'s>(definition: Def<&'static str>) -> Def<&'s str> {
    definition
}

/// Refuses filters on which jaq's recursive parser could overflow the stack.
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

    const ROW: Row<'_> =
        Row { key: "clients/page_1", id: "c1", fetched_at: Some(1_770_000_000), age: Some(60), is_incomplete: true };

    fn gives(code: &str, input: &Value) -> Result<String, String> {
        let filter = Filter::compile(code).map_err(|fault| fault.to_string())?;
        let values = room::bounded(|| {
            let values = filter.results(ROW, value::of(input)).collect::<Result<Vec<_>, _>>()?;
            Ok(values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        });
        values.map_err(|fault| fault.to_string())
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
        let all = gives("$key, $id, $fetched_at, $age, $incomplete", &Value::Null).unwrap();
        assert_eq!(all, r#""clients/page_1" "c1" 1770000000 60 true"#);
    }

    #[test]
    fn only_null_and_false_are_not_true() {
        let is_true = |code: &str| Filter::compile(code).unwrap().is_true_of(ROW, &Record::new()).unwrap();
        assert!(is_true("0") && is_true("\"\"") && is_true("[]") && is_true("false, 1"));
        assert!(!is_true("null") && !is_true("false") && !is_true("empty") && !is_true(".a"));
    }

    #[test]
    fn functions_that_reach_outside_are_refused_by_name() {
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
        let excerpt = |code: &str| Filter::compile(code).err().expect("it is refused").excerpt();
        assert_eq!(excerpt(".a | foo"), ["  .a | foo", "       ^"]);
        assert_eq!(excerpt("1,\n \"ä数\" | $x")[1], "           ^", "a wide letter takes two columns");
        assert_eq!(excerpt("\t\u{1b} | foo"), ["  \\t\\u{1b} | foo", "    ^"]);
        for code in ["", ".a |", "(", "\"", ".a)", "if . then", "@"] {
            assert!(gives(code, &Value::Null).is_err() || code.is_empty(), "{code}");
        }
    }

    #[test]
    fn a_wrong_number_of_arguments_is_distinguished_from_a_wrong_name() {
        for (code, fault) in [
            ("foo", "`foo` is not defined"),
            ("foo(1)", "`foo` with 1 argument is not defined"),
            ("foo(1; 2)", "`foo` with 2 arguments is not defined"),
            ("ltrimstr", "`ltrimstr` takes 1 argument, not 0"),
            ("range", "`range` takes 1 or 2 or 3 arguments, not 0"),
            ("length(1)", "`length` takes 0 arguments, not 1"),
        ] {
            assert_eq!(gives(code, &Value::Null).unwrap_err(), fault);
        }
    }

    #[test]
    fn a_message_does_not_hold_the_whole_of_a_long_value() {
        let fault = gives(".a", &"x".repeat(100_000).into()).unwrap_err();
        assert!(fault.chars().count() < 400, "{fault}");
        assert!(
            fault.starts_with("cannot index \"xxx") && fault.contains('…') && fault.ends_with("with \"a\""),
            "{fault}"
        );
    }

    #[test]
    fn a_filter_that_nests_too_deep_is_refused() {
        let refused = |code: String| gives(&code, &Value::Null).unwrap_err();
        assert!(refused("(".repeat(201)).starts_with("more than 200 brackets enclose each other"));
        assert!(refused("-".repeat(2048)).contains("expected here"));
        assert!(refused("-".repeat(2049)).starts_with("it is longer than 2048 bytes"));
        assert!(refused("if ".repeat(682)).contains("expected here"));
    }

    #[test]
    fn a_filter_that_calls_itself_without_end_is_a_fault() {
        for code in [
            "def f: 1 + f; f",
            "def f: [f]; f",
            "def f: f | f; f",
            "def f: {a: f}; f",
            "def f: (.a |= f); f",
            "def f: if f then 1 else 2 end; f",
            "def f: try f catch f; 1 + f",
            "def f: -f; f",
            "def f: reduce range(3) as $x (0; f); f",
        ] {
            let fault = gives(code, &Value::Null).unwrap_err();
            assert_eq!(fault, "it recurses too deeply", "{code}");
        }
        let deep = gives("def f: if . == 0 then 0 else 1 + (. - 1 | f) end; f", &3000.into()).unwrap();
        assert_eq!(deep, "3000");
    }

    #[test]
    fn a_text_is_not_repeated_until_memory_ends() {
        let input: Value = vec![(Value::from("a"), Value::from("xy")), (Value::from("n"), Value::from(3))].into();
        for code in [
            r#""a" * 100000000000"#,
            r#"100000000000 * "a""#,
            r#""ab" * 9223372036854775807"#,
            r#""ab" * 99999999999999999999"#,
            ".a *= 100000000000",
            r#"def f: . * 300000000; "a" | f"#,
            r#"try ("a" * 300000000) catch error"#,
        ] {
            assert_eq!(gives(code, &input).unwrap_err(), "`*` repeats a text to more than 256 MiB", "{code}");
        }
        for (code, gives_now) in [
            (r#""ab" * 3"#, r#""ababab""#),
            (r#"3 * "ab""#, r#""ababab""#),
            (r#""" * 99999999999999999999"#, r#""""#),
            (r#""a" * 0, "a" * -1, "a" * -99999999999999999999"#, "null null null"),
            ("[(1, 2) * (3, 4)]", "[3,4,6,8]"),
            ("1 + 2 * 3 - 4 * 5", "-13"),
            ("12345678901234567890 * 10", "123456789012345678900"),
            ("{a: {b: 1}} * {a: {c: 2}}", r#"{"a":{"b":1,"c":2}}"#),
            (".a *= .n", r#"{"a":"xyxyxy","n":3}"#),
            (".n *= (2, 5) | .n", "6 15"),
            ("(.a, .n) *= 2", r#"{"a":"xyxy","n":6}"#),
            (". as $x | .n *= $x.n * 2 | .n", "18"),
        ] {
            assert_eq!(gives(code, &input).unwrap(), gives_now, "{code}");
        }
        assert!(gives("[1] * 2", &input).unwrap_err().contains("cannot calculate [1] * 2"));
        assert!(gives(r#""a" * 1.5e11"#, &input).unwrap_err().contains("cannot calculate"));
    }

    #[test]
    fn values_that_enclose_each_other_a_hundred_thousand_times_fit() {
        assert_eq!(gives("reduce range(100000) as $i (0; [.]) | length", &Value::Null).unwrap(), "1");
    }

    #[test]
    fn deleting_values_keeps_the_others_in_order() {
        let input: Value = ["a", "b", "c", "d"].map(|name| (Value::from(name), Value::from(name))).to_vec().into();
        let kept = r#"{"a":"a","c":"c","d":"d"}"#;
        for code in [
            "del(.b)",
            ".b |= empty",
            r#"delpaths([["b"]])"#,
            "del(.b, .x, .y.z)",
            "def f: .b |= empty; f",
            "def f(g): g; f(.b |= empty)",
            "if .a then .b |= empty else . end",
            "reduce 1 as $x (.; .b |= empty)",
            "try (.b |= empty) catch .",
            "[.b |= empty][0]",
            "{x: (.b |= empty)}.x",
            r#""\(.b |= empty)" | fromjson"#,
            ". as {a: $a} | .b |= empty",
            "label $out | .b |= empty",
            ". + {a: .a} | (.b, .x) |= empty",
        ] {
            assert_eq!(gives(code, &input).unwrap(), kept, "{code}");
        }
        assert_eq!(gives(r#".[] |= select(. != "b")"#, &input).unwrap(), kept);
        assert_eq!(gives("[1, 2, 3, 4] | del(.[0, 2])", &Value::Null).unwrap(), "[2,4]");
        assert_eq!(gives("[1, 2, 3, 4] | del(.[1:3], .[-1])", &Value::Null).unwrap(), "[1]");
        assert_eq!(gives("[1, 2, 3, 4] | .[] |= select(. > 2)", &Value::Null).unwrap(), "[3,4]");
        assert_eq!(gives("[[1, 2], 3] | del(.[0][1], .[0][7])", &Value::Null).unwrap(), "[[1],3]");
        assert_eq!(gives("{} | .a.b |= empty", &Value::Null).unwrap(), "{}");
        assert_eq!(gives(r#""abc" | .[1:2] |= ascii_upcase"#, &Value::Null).unwrap(), r#""aBc""#);
        assert!(gives("del(.[0])", &input).unwrap_err().contains("cannot delete"));
    }
}
