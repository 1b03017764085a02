//! `edit --apply` with random filters on random entries: held against a plain model, and against jq.

use crate::common::random::Random;
use crate::support::Folder;
use std::env;
use std::fmt::Write as _;
use std::io::Write;
use std::process::{Command, Stdio};

/// Values without loss, each of which JSON's readers are known to change.
const HARD: [&str; 22] = [
    "18446744073709551615",
    "-9223372036854775808",
    "9007199254740993",
    r#"{"$int":"-18446744073709551616"}"#,
    r#"{"$tag":[2,{"$bytes":"AQAAAAAAAAAA"}]}"#,
    r#"{"$tag":[10,"12345678901234567890.5000"]}"#,
    r#"{"$tag":[8,["client","x"]]}"#,
    r#"{"$tag":[12,[1770000000,1]]}"#,
    r#"{"$bytes":""}"#,
    r#"{"$bytes":"//4="}"#,
    r#"{"$float":"NaN"}"#,
    r#"{"$float":"0x7ff80000deadbeef"}"#,
    r#"{"$float":"-Infinity"}"#,
    r#"{"$map":[[1,"one"],["1",null]]}"#,
    r#"{"$map":[["$tag",[1,2]]]}"#,
    "-0.0",
    "0.1",
    "1e+300",
    "5e-324",
    r#""\u0000\u001b\u2028""#,
    r#"[[],{},null,{"b":1,"a":2.0}]"#,
    "1.0",
];

/// Values that jq holds as they are.
const PLAIN: [&str; 9] =
    ["0", "-17", "9007199254740991", "\"\"", "\"Größe \\\"x\\\"\"", "null", "true", "[]", r#"[1,{"z":1,"a":2}]"#];

/// Fields with values as JSON, in order.
type Fields = Vec<(String, String)>;

/// An entry: row ids with their rows, in order.
#[derive(Clone)]
struct Entry(Vec<(String, Fields)>);

impl Entry {
    fn random(random: &mut Random, values: &[&str]) -> Entry {
        let row = |random: &mut Random, n: usize| {
            let mut fields: Fields = Vec::new();
            for name in 0..random.below(7) {
                let value = values[random.below(values.len())].to_owned();
                fields.push((format!("f{}", (name * 5 + n) % 7), value));
            }
            (format!("row \"{}\"", (n * 3 + 1) % 5), fields)
        };
        Entry((0..=random.below(5)).map(|n| row(random, n)).collect())
    }

    fn rows(&self) -> String {
        let row = |(id, fields): &(String, Fields)| (id.clone(), object(fields));
        object(&self.0.iter().map(row).collect::<Vec<_>>())
    }

    /// Changes the entry at random. Returns the filter that does the same.
    fn change(&mut self, random: &mut Random, values: &[&str]) -> String {
        let place = random.below(self.0.len());
        let row = format!(".rows[{}]", serde_json::to_string(&self.0[place].0).unwrap());
        let name = format!("f{}", random.below(7));
        let several = self.0.len() > 1;
        let fields = &mut self.0[place].1;
        let there = fields.iter().position(|(field, _)| *field == name);
        let value = values[random.below(values.len())].to_owned();
        match random.below(8) {
            0 => {
                there.map(|at| fields.remove(at));
                format!("del({row}.{name})")
            }
            1 => {
                there.map(|at| fields.remove(at));
                format!("{row}.{name} |= empty")
            }
            2 => {
                let filter = format!("{row}.{name} = {value}");
                match there {
                    Some(at) => fields[at].1 = value,
                    None => fields.push((name, value)),
                }
                filter
            }
            3 => {
                for (_, fields) in &mut self.0 {
                    fields.retain(|(field, _)| *field != name);
                }
                format!("del(.rows[].{name}, .rows[].nowhere)")
            }
            4 => {
                fields.retain(|(field, _)| *field != name);
                format!("{row} |= with_entries(select(.key != \"{name}\"))")
            }
            5 => {
                fields.retain(|(_, value)| value != "null");
                format!("{row}[] |= values")
            }
            6 if several => {
                self.0.remove(place);
                format!("delpaths([path({row})])")
            }
            _ => {
                let names: Vec<String> = fields.iter().map(|(name, _)| format!("\"{name}\"")).collect();
                fields.reverse();
                let names = names.into_iter().rev().collect::<Vec<_>>().join(",");
                format!("{row} |= (. as $row | reduce ({names}) as $name ({{}}; .[$name] = $row[$name]))")
                    .replace("reduce ()", "reduce empty")
            }
        }
    }
}

fn object(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// A line for each entry, fetched at the time of its place.
fn lines(entries: &[Entry]) -> String {
    let mut lines = String::new();
    for (n, entry) in entries.iter().enumerate() {
        writeln!(lines, "{{\"key\":\"k/{n}\",\"fetched_at\":{n},\"rows\":{}}}", entry.rows()).unwrap();
    }
    lines
}

/// Entries before and after a filter.
struct Case {
    before: Vec<Entry>,
    after: Vec<Entry>,
    filter: String,
}

impl Case {
    fn random(random: &mut Random, values: &[&str]) -> Case {
        let before: Vec<Entry> = (0..8).map(|_| Entry::random(random, values)).collect();
        let mut after = before.clone();
        let mut filter = String::new();
        for (n, entry) in after.iter_mut().enumerate() {
            let change = entry.change(random, values);
            write!(filter, "{} .fetched_at == {n} then {change} ", if n == 0 { "if" } else { "elif" }).unwrap();
        }
        filter.push_str("else . end");
        Case { before, after, filter }
    }

    /// The cache with the entries to which the filter was applied.
    fn edited(&self) -> Folder {
        let folder = Folder::empty();
        folder.vlive(["load", "-q", "-"]).stdin(lines(&self.before)).ends(0, "", "");
        let ended = folder.vlive(["edit", "--all", "-q", "--apply", &self.filter]).output();
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{}\n{}", self.filter, lines(&self.before));
        folder
    }
}

#[test]
fn values_that_a_filter_does_not_touch_keep_their_bytes_and_their_order() {
    let mut random = Random::new(11);
    let values: Vec<&str> = HARD.into_iter().chain(PLAIN).collect();
    for _ in 0..6 {
        let case = Case::random(&mut random, &values);
        let expected = Folder::empty();
        expected.vlive(["load", "-q", "-"]).stdin(lines(&case.after)).ends(0, "", "");
        assert_eq!(case.edited().entries(), expected.entries(), "{}\n{}", case.filter, lines(&case.before));
    }
}

/// Runs where there is a jq; where `VLIVE_ORACLES` names it, there must be one.
#[test]
fn random_filters_give_what_jq_gives_in_the_same_order() {
    if Command::new("jq").arg("--version").output().is_err() {
        assert!(!env::var("VLIVE_ORACLES").is_ok_and(|oracles| oracles.contains("jq")), "jq is not installed");
        return;
    }
    let mut random = Random::new(12);
    for _ in 0..6 {
        let case = Case::random(&mut random, &PLAIN);
        let mut jq = Command::new("jq");
        let mut jq = jq.args(["-c", &case.filter]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        jq.stdin.take().unwrap().write_all(lines(&case.before).as_bytes()).unwrap();
        let jq = jq.wait_with_output().unwrap();
        assert!(jq.status.success(), "{}", case.filter);
        let edited = case.edited().vlive(["dump", "--format", "jsonl"]).output().stdout;
        assert_eq!(edited, String::from_utf8(jq.stdout).unwrap(), "{}\n{}", case.filter, lines(&case.before));
    }
}

#[test]
fn a_filter_that_calls_itself_without_end_is_refused_and_changes_nothing() {
    let folder = Folder::copy_of("bakery");
    folder.untouched(|| {
        let ended = folder.vlive(["edit", "clients", "--apply", "def f: .rows |= f; f"]).output();
        assert_eq!(ended.status, 2, "{ended}");
        assert!(ended.stderr.contains("it recurses too deeply"), "{ended}");
        for args in [&["show", "--where"][..], &["find", "x", "--where"], &["dump", "--format", "rows", "--select"]] {
            let ended = folder.vlive(args.iter().chain(&["def f: 1 + f; f"])).output();
            assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{args:?}: {ended}");
            assert!(ended.stderr.contains("it recurses too deeply"), "{args:?}: {ended}");
        }
    });
}
