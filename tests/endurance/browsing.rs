//! The browser beside an app: what the app writes appears on the screen and is marked.

#![cfg(target_os = "linux")]

use crate::app::App;
use crate::common::layout::{Layout, of_each_layout};
use crate::common::tmux::Tmux;
use std::time::{Duration, UNIX_EPOCH};
use vantage_live::cache::CachedRows;

fn rows(name: &str, number: usize) -> CachedRows {
    let row = |n: usize| (format!("c{n}"), [("name".to_owned(), name.into())].into_iter().collect());
    CachedRows { rows: (0..number).map(row).collect(), fetched_at: UNIX_EPOCH + Duration::from_secs(1_770_000_000) }
}

of_each_layout!(what_an_app_writes_is_shown_as_it_writes_it_and_marked, show_what_an_app_writes);

fn show_what_an_app_writes(layout: Layout) {
    let program = env!("CARGO_BIN_EXE_vlive");
    let Some(tmux) = Tmux::start(&format!("app-{layout:?}"), (80, 24)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let app = App::open(layout, folder.path());
    app.put("clients/page_1", rows("Anna", 3));
    app.put("orders/page_1", rows("Torte", 2));
    tmux.line(&format!("clear; {program} -C {} browse", folder.path().display()));
    // The entries of a cache key are below it, and a set stands for itself.
    let (closed, open) = match layout {
        Layout::Live => (["▸ clients (1)", ""], ["▾ clients (1)", "▾ clients (2)"]),
        Layout::Diorama => ([" clients/page_1", " orders/page_1"], [""; 2]),
    };
    let marked = |mark: &str, page: &str| match layout {
        Layout::Live => format!("{mark}  {page}"),
        Layout::Diorama => format!("{mark}clients/{page}"),
    };
    tmux.until(|screen| closed.iter().all(|text| screen.contains(text)) && screen.contains("in use by process"));
    if layout == Layout::Live {
        tmux.press(&["Enter", "j"]);
    }
    tmux.until(|screen| screen.contains("Anna") && screen.contains("3 rows"));

    app.put("clients/page_1", rows("Bert", 4));
    let replaced = marked("~", "page_1");
    tmux.until(|screen| screen.contains(&replaced) && screen.contains("Bert") && screen.contains("4 rows"));
    app.put("clients/page_2", rows("Carla", 1));
    tmux.until(|screen| screen.contains(&marked("+", "page_2")) && screen.contains(open[1]));
    app.invalidate("clients/page_2");
    tmux.until(|screen| screen.contains(&marked("-", "page_2")));
    tmux.until(|screen| !screen.contains("page_2") && screen.contains(open[0]));
    tmux.press(&["d"]);
    // The commits since then have not touched it.
    tmux.until(|screen| screen.contains("~ name: \"Anna\" -> \"Bert\"") && screen.contains("+ c3"));
    tmux.press(&["Escape"]);

    // After many quick commits the newest state is shown.
    for n in 0..300 {
        app.put("clients/page_1", rows(&format!("number {n}"), 1 + n % 7));
    }
    tmux.until(|screen| screen.contains("number 299") && screen.contains("6 rows"));
    // The app ends and closes the cache.
    drop(app);
    tmux.until(|screen| screen.contains("not in use"));
    tmux.press(&["q"]);
    tmux.until(|screen| !screen.contains("keys by"));
}
