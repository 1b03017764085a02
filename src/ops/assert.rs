//! An assertion for tests of apps: a cache holds what it should.

use crate::error::{Error, Result};
use crate::fixture::Fixture;
use crate::live::key::Selection;
use crate::ops::diff::{DiffOptions, Difference, Side, diff};
use crate::snapshot::Snapshot;
use std::error::Error as _;
use std::fmt::Write;
use std::iter;
use std::path::Path;
use std::time::Duration;

/// How long to retry while an app writes.
const WAIT: Duration = Duration::from_secs(5);

/// The most lines to show.
const SHOWN: usize = 200;

/// Panics unless the cache at `path`, a folder or the file in it, holds the entries of `expected` and no others.
/// The message has the differences as `vlive diff` prints them: what only the cache has is added (`+`), what it
/// lacks is removed (`-`). Neither times nor the order of rows and fields are compared.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// use vlive::Fixture;
/// use vlive::ops::Replace;
///
/// let clients = Fixture::from_json(r#"{"clients/page_1": [{"id": "c1", "name": "Anna"}]}"#)?;
/// clients.seed(folder, Replace::All)?;
/// // The app runs; then:
/// vlive::assert_same(folder, &clients);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```should_panic
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// # use vlive::{Fixture, ops::Replace};
/// let json = r#"{"clients/page_1": {"c1": {"name": "Anna"}}}"#;
/// Fixture::from_json(json).unwrap().seed(folder, Replace::All).unwrap();
///
/// // ~ clients/page_1
/// //   ~ c1
/// //     ~ name: "Bea" -> "Anna"
/// let expected = Fixture::from_json(r#"{"clients/page_1": {"c1": {"name": "Bea"}}}"#).unwrap();
/// vlive::assert_same(folder, &expected);
/// ```
///
/// # Panics
/// If they differ, or the cache cannot be read.
#[track_caller]
pub fn assert_same(path: impl AsRef<Path>, expected: &Fixture) {
    let path = path.as_ref();
    match differences(path, expected) {
        Ok(None) => {}
        Ok(Some(text)) => panic!("the cache at `{}` is not as expected:\n{text}", path.display()),
        Err(error) => panic!("the cache cannot be compared: {}", with_reasons(&error)),
    }
}

/// The differences as text; `None` if there are none.
fn differences(path: &Path, expected: &Fixture) -> Result<Option<String>> {
    let snapshot = Snapshot::pin(path, WAIT, &[Selection::All])?;
    let (mut text, mut number) = (String::new(), 0);
    let mut add = |line: &dyn std::fmt::Display| {
        number += 1;
        if number <= SHOWN {
            writeln!(text, "{line}").expect("a string takes everything");
        }
    };
    let unread =
        diff::<Error>(Side::Fixture(expected), Side::Cache(&snapshot), DiffOptions::default(), |difference| {
            add(&difference);
            if let Difference::Entry(entry) = &difference {
                for error in entry.undecodable.iter().flatten() {
                    add(&format_args!("  cannot be decoded: {error}"));
                }
            }
            Ok(())
        })?;
    for error in &unread.damage {
        add(&with_reasons(error));
    }
    if number > SHOWN {
        writeln!(text, "and {} more", number - SHOWN).expect("a string takes everything");
    }
    Ok((number > 0).then_some(text))
}

fn with_reasons(error: &Error) -> String {
    let reasons = iter::successors(error.source(), |reason| (**reason).source());
    reasons.fold(error.to_string(), |sentence, reason| format!("{sentence}: {reason}"))
}
