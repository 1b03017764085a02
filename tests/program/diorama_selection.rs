//! Sets and rows that selections and ages take, against a plain model.

use crate::common::random::Random;
use crate::support::{Folder, NOW};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 86_400;
const SHOWN: &str = "a where x = 1";
const STORED: &str = "a?c1:112:1:x1:=4:i1:1q-s-n1:0";
const SETS: [&str; 5] = ["a", "b", "ab", "a/b", SHOWN];
const IDS: [&str; 5] = ["1", "10", "b", "b/1", ""];

/// The time and the rows of each set.
type Model = BTreeMap<&'static str, (Option<u64>, BTreeSet<&'static str>)>;

fn random_cache(random: &mut Random) -> (Folder, Model) {
    let mut model = Model::new();
    for set in SETS {
        if random.below(4) > 0 {
            let time = (random.below(4) > 0).then(|| NOW + DAY - random.below(6) as u64 * DAY);
            let rows = IDS.into_iter().filter(|_| random.below(3) > 0).collect();
            model.insert(set, (time, rows));
        }
    }
    let mut fixture = serde_json::Map::new();
    for (set, (time, rows)) in &model {
        let rows: serde_json::Map<String, Value> = rows.iter().map(|id| ((*id).to_owned(), json!({}))).collect();
        let mut text = json!({"layout": "diorama", "rows": rows});
        if let Some(time) = time {
            text["refreshed_at"] = json!(time * 1_000_000_000);
        }
        fixture.insert(set.replace(SHOWN, STORED), text);
    }
    let folder = Folder::empty();
    let load = folder.vlive(["load", "-q"]).stdin(Value::from(fixture).to_string()).output();
    assert_eq!(load.status, 0, "{}", load.stderr);
    (folder, model)
}

/// The keys as people read them: of sets, and of rows whose sets are not selected.
fn selected(model: &Model, names: &[String], begins: bool, is_of_age: impl Fn(u64) -> bool) -> BTreeSet<String> {
    let mut sets: BTreeSet<&str> = BTreeSet::new();
    let mut rows: BTreeSet<(&str, &str)> = BTreeSet::new();
    for name in names {
        let cuts = std::iter::once(name.len()).chain(name.rmatch_indices('/').map(|(at, _)| at));
        let found = cuts.into_iter().find_map(|cut| Some((model.get_key_value(&name[..cut])?, name.get(cut + 1..))));
        match found {
            Some(((set, _), None)) => _ = sets.insert(set),
            Some(((set, (_, ids)), Some(row))) => {
                rows.extend(
                    ids.iter()
                        .filter(|id| if begins { id.starts_with(row) } else { **id == row })
                        .map(|id| (*set, *id)),
                );
            }
            None => {}
        }
    }
    if names.is_empty() {
        sets.extend(model.keys());
    }
    rows.retain(|(set, _)| !sets.contains(set));
    let is_taken = |set: &str| model[set].0.is_some_and(&is_of_age);
    let sets = sets.iter().filter(|set| is_taken(set)).map(|set| (*set).to_owned());
    sets.chain(rows.iter().filter(|(set, _)| is_taken(set)).map(|(set, id)| format!("{set}/{id}"))).collect()
}

#[test]
fn commands_agree_with_a_plain_model_on_sets_and_rows() {
    for seed in 0..10 {
        let random = &mut Random::new(seed);
        let (folder, model) = random_cache(random);
        for _ in 0..6 {
            let name = |random: &mut Random| match random.below(3) {
                0 => random.one_of(&SETS).to_owned(),
                _ => format!("{}/{}", random.one_of(&SETS), random.one_of(&IDS)),
            };
            let names: Vec<String> = (0..random.below(4)).map(|_| name(random)).collect();
            let (flag, begins) = random.one_of(&[(None, false), (Some("--exact"), false), (Some("--prefix"), true)]);
            let bound = NOW - random.below(5) as u64 * DAY;
            // Without a bound a set without a time counts as well, which other tests show.
            let (option, is_older) = random.one_of(&[("--older-than", true), ("--newer-than", false)]);
            let is_of_age = |time: u64| if is_older { time < bound && time <= NOW } else { time > bound || time > NOW };
            let expected = selected(&model, &names, begins, is_of_age);
            let bound = format!("@{bound}");
            let mut args: Vec<&str> = names.iter().map(String::as_str).collect();
            args.extend(flag);
            args.extend([option, &bound]);
            let told = format!("seed {seed} {args:?} of {model:?}");
            let listed = folder.vlive([&["ages", "--json"], &args[..]].concat()).output();
            let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
            let keys = |list: &Value, of: &dyn Fn(&Value) -> Value| -> BTreeSet<String> {
                list.as_array().unwrap().iter().map(|one| shown(of(one).as_str().unwrap())).collect()
            };
            assert_eq!(keys(&listed, &|entry| entry["key"].clone()), expected, "{told}");
            if names.is_empty() {
                continue;
            }
            let planned = folder.vlive([&["invalidate", "-n", "--json"], &args[..]].concat()).output();
            let planned: Value = serde_json::from_str(&planned.stdout).unwrap();
            assert_eq!(keys(&planned["keys"], &Value::clone), expected, "{told}");
        }
    }
}

/// A stored key as people read it.
fn shown(key: &str) -> String {
    key.replace(STORED, SHOWN)
}
