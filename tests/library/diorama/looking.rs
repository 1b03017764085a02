//! Random sets, looked at and compared with a plain model: rows, filters, searches, differences, and what a watcher
//! sees from one state to the next.

use crate::common::random::Random;
use ciborium::Value;
use indexmap::IndexMap;
use redb::{Database, TableDefinition};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use vlive::diorama::identity::meta_table;
use vlive::diorama::row::{Status, encode};
use vlive::ops::{Change, DiffOptions, Difference, RowFilter, Scope, Side, each_entry, each_row, find_row};
use vlive::snapshot::{Event, WatchOptions, Watcher, WholeSets};
use vlive::{Error, Selection, Snapshot, diff};

const SETS: [&str; 5] = ["clients", "clients#hub", "a/b", "50%25", "clients?c1:117:4:team1:=6:t3:redq-s-n1:0"];
const IDS: [&str; 6] = ["", "a", "a/b", "b", "c", "日本"];

/// A row: the number in its one field, and whether it is incomplete.
type Row = (i64, bool);

/// The rows of each set, and the time of each in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model(BTreeMap<String, (BTreeMap<String, Row>, u64)>);

impl Model {
    fn random(random: &mut Random) -> Model {
        let mut model = Model::default();
        for set in SETS {
            if random.below(4) > 0 {
                let rows = IDS.iter().filter(|_| random.below(2) == 0).collect::<Vec<_>>();
                let rows = rows
                    .into_iter()
                    .map(|id| ((*id).to_owned(), (random.one_of(&[0_i64, 1, 2]), random.below(4) == 0)));
                let rows: BTreeMap<String, Row> = rows.collect();
                model.0.insert(set.to_owned(), (rows, random.below(3) as u64 * 1_000_000_000));
            }
        }
        model
    }

    /// Writes what the model has, and removes everything else.
    fn write(&self, path: &Path) {
        let database = Database::create(path).unwrap();
        let transaction = database.begin_write().unwrap();
        for set in SETS {
            let meta = meta_table(set);
            let tables = [set, meta.as_str()].map(TableDefinition::<&str, &[u8]>::new);
            for table in tables {
                transaction.delete_table(table).unwrap();
            }
            let Some((rows, time)) = self.0.get(set) else { continue };
            let mut table = transaction.open_table(tables[0]).unwrap();
            for (id, (number, is_incomplete)) in rows {
                let fields: IndexMap<String, Value> = [("n".to_owned(), Value::from(*number))].into();
                let status = if *is_incomplete { Status::Incomplete } else { Status::Complete };
                table.insert(id.as_str(), encode(&fields, status).as_slice()).unwrap();
            }
            let mut table = transaction.open_table(tables[1]).unwrap();
            table.insert("refreshed_at", &time.to_le_bytes()[..]).unwrap();
        }
        transaction.commit().unwrap();
    }

    /// The rows that differ in `other`, by set and id.
    fn differing(&self, other: &Model) -> BTreeSet<(String, String)> {
        let mut differing = BTreeSet::new();
        for set in SETS {
            let (Some((old, _)), Some((new, _))) = (self.0.get(set), other.0.get(set)) else { continue };
            let ids = IDS.iter().filter(|id| old.get(**id) != new.get(**id));
            differing.extend(ids.map(|id| (set.to_owned(), (*id).to_owned())));
        }
        differing
    }

    /// The sets that one side has alone.
    fn alone(&self, other: &Model) -> BTreeMap<String, Change> {
        let alone = |ours: &Model, theirs: &Model, change| {
            let keys = ours.0.keys().filter(|set| !theirs.0.contains_key(*set)).cloned().collect::<Vec<_>>();
            keys.into_iter().map(move |set| (set, change))
        };
        alone(self, other, Change::Removed).chain(alone(other, self, Change::Added)).collect()
    }
}

/// The rows in a scope, as the walk over both layouts reads them.
fn read(snapshot: &Snapshot, scope: &Scope) -> BTreeMap<String, BTreeMap<String, Row>> {
    let mut read = BTreeMap::new();
    let walked = each_entry::<Error>(snapshot, scope, |entry, unread| {
        let mut rows = BTreeMap::new();
        each_row::<Error>(snapshot, &entry, unread, |row| {
            let number = row.record()["n"].as_integer().unwrap();
            rows.insert(row.id().to_owned(), (i64::try_from(number).unwrap(), row.is_incomplete()));
            Ok(())
        })?;
        read.insert(entry.key().to_string(), rows);
        Ok(())
    });
    assert!(walked.unwrap().unread.is_empty());
    read
}

#[test]
fn random_sets_are_read_filtered_found_and_compared_like_a_model() {
    let mut random = Random::new(7);
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("old.redb"), folder.path().join("new.redb")];
    for round in 0..60 {
        let models = [Model::random(&mut random), Model::random(&mut random)];
        for (model, path) in models.iter().zip(&paths) {
            model.write(path);
        }
        let [old, new] = paths.each_ref().map(|path| Snapshot::open(path).unwrap());
        let expected: BTreeMap<_, _> = models[0].0.iter().map(|(set, (rows, _))| (set.clone(), rows.clone())).collect();
        assert_eq!(read(&old, &Scope::all()), expected, "round {round}");

        let limit = random.one_of(&[0_i64, 1, 2]);
        let filter = RowFilter::new(move |_, _, _, record, _| Ok(record["n"].as_integer() > Some(limit.into())));
        let kept = expected.iter().filter_map(|(set, rows)| {
            let rows: BTreeMap<_, _> = rows.clone().into_iter().filter(|(_, row)| row.0 > limit).collect();
            (!rows.is_empty()).then(|| (set.clone(), rows))
        });
        assert_eq!(read(&old, &Scope::all().keeping(filter)), kept.collect(), "round {round}");

        for id in IDS {
            let mut found = Vec::new();
            find_row(&old, &Scope::all(), id, |row| {
                found.push((row.key.to_string(), row.is_incomplete));
                ControlFlow::Continue(())
            })
            .unwrap();
            let holding = expected.iter().filter_map(|(set, rows)| Some((set.clone(), rows.get(id)?.1)));
            assert_eq!(found, holding.collect::<Vec<_>>(), "round {round}, `{id}`");
        }

        let (mut rows, mut alone, mut set) = (BTreeSet::new(), BTreeMap::new(), String::new());
        diff::<Error>(Side::Cache(&old), Side::Cache(&new), DiffOptions::default(), |difference| {
            match difference {
                Difference::Entry(entry) => {
                    set = entry.key.to_string();
                    if entry.change != Change::Changed {
                        alone.insert(set.clone(), entry.change);
                    }
                }
                Difference::Row(row) => assert!(rows.insert((set.clone(), row.id)), "each once"),
                _ => {}
            }
            Ok(())
        })
        .unwrap();
        assert_eq!((rows, alone), (models[0].differing(&models[1]), models[0].alone(&models[1])), "round {round}");
        for path in &paths {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_watcher_reports_the_differences_between_random_sets() {
    let mut random = Random::new(11);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.redb");
    let options = WatchOptions { old_values: true, new_values: true, whole_sets: WholeSets::None };
    Model::default().write(&path);
    let mut watcher = Watcher::new(&path, vec![Selection::All], options);
    let mut last = Model::default();
    for round in 0..40 {
        let model = Model::random(&mut random);
        model.write(&path);
        let (mut rows, mut events) = (BTreeSet::new(), BTreeMap::new());
        watcher
            .look(Duration::from_secs(5), |_, change| {
                let set = change.key.to_string();
                let state = change.new.as_ref().map(|new| (new.rows().unwrap(), new.fetched_at()));
                let expected = model.0.get(&set).map(|(rows, time)| (rows.len() as u64, Some(time / 1_000_000_000)));
                assert_eq!(state, expected, "round {round}, `{set}`");
                if change.event == Event::Replaced {
                    let values = change.rows.as_ref().unwrap().values.iter();
                    rows.extend(values.map(|row| (set.clone(), row.id.clone())));
                }
                events.insert(set, change.event);
                Ok::<(), Error>(())
            })
            .unwrap();
        assert_eq!(rows, last.differing(&model), "round {round}");
        for set in SETS {
            let expected = match (last.0.get(set), model.0.get(set)) {
                (None, Some(_)) => Some(Event::Added),
                (Some(_), None) => Some(Event::Removed),
                (Some((old, _)), Some((new, _))) if old != new => Some(Event::Replaced),
                (Some((_, old)), Some((_, new))) if old != new => Some(Event::Touched),
                _ => None,
            };
            assert_eq!(events.get(set).copied(), expected, "round {round}, `{set}`");
        }
        last = model;
    }
}
