//! The known state of a tree, with which its next state is compared: only pages that differ are read.
//!
//! A page of a tree is named by its number and checksum, and the checksum of a branch covers those of its children: two
//! states of a tree that both name a page share all that is below it. The states are compared level by level from their
//! roots, and only what differs is held in memory. The contents of the old pages are kept as records, since the file
//! may have overwritten them by the time the new state is read.

use super::differences::Differences;
use super::records::{Node, Place, Records, push_piece};
use super::walk::{MAX_DEPTH, Walk};
use super::{Damage, Error, File, PageRef, Result};
use std::collections::HashMap;
use std::mem;

/// One state of a tree.
#[derive(Debug, Default)]
pub struct Mirror {
    root: Option<(PageRef, Node)>,
    /// Pages of states that the app replaced before they could be read whole.
    ahead: HashMap<PageRef, Page>,
}

/// A page that was read.
#[derive(Debug)]
enum Page {
    Branch(Box<[PageRef]>),
    Leaf(Place),
}

/// A newer state of a tree, read as far as it differs.
#[derive(Debug, Default)]
pub struct Advance {
    root: Option<PageRef>,
    /// The topmost pages that both states have.
    shared: HashMap<PageRef, Node>,
    /// The branches that only the new state has, each before those below it.
    branches: Vec<PageRef>,
    /// The leaves that only the new state has, in order.
    new: Vec<Place>,
    /// The pages that only the old state has.
    left_behind: Vec<Node>,
    /// The leaves among them, in order.
    old: Vec<Place>,
    /// Whether something could not be read, on either side.
    has_unknown: [bool; 2],
    /// What could not be read.
    pub damage: Vec<Damage>,
}

/// What to do about a page that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// Stop: the app may have committed.
    Refuse,
    /// Skip it.
    PassBy,
}

/// Appends what the mirror stores of an entry to the buffer.
pub type Remember<'r> = dyn Fn(&[u8], &mut Vec<u8>) + 'r;

impl Mirror {
    /// Whether the mirror already has this state.
    pub fn is_of(&self, root: Option<&PageRef>) -> bool {
        self.root.as_ref().map(|(id, _)| id) == root
    }

    /// Whether the state has no entries, as far as is known.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Reads another state of the tree, except for what it shares with this one. The mirror keeps its state; pages that
    /// were read are not read again.
    pub fn read(
        &mut self,
        file: &File,
        root: Option<&PageRef>,
        remember: &Remember<'_>,
        records: &mut Records,
        damaged: Damaged,
    ) -> Result<Advance> {
        let old = self.root.into_iter().collect();
        let advance = Advance { root: root.copied(), ..Advance::default() };
        let new = advance.root.into_iter().map(|id| (id, None)).collect();
        let walk = Walk::new(file);
        let mut reading = Reading { mirror: self, walk, remember, records, damaged, advance, old, new };
        reading.run()?;
        Ok(reading.advance)
    }

    /// Adopts the new state.
    pub fn apply(&mut self, advance: Advance, records: &mut Records) -> Result<()> {
        let mut nodes = advance.shared;
        for id in advance.branches.into_iter().rev() {
            let Some(Page::Branch(children)) = self.ahead.remove(&id) else { continue };
            let children: Vec<(PageRef, Node)> = children.iter().map(|id| (*id, self.take(*id, &mut nodes))).collect();
            nodes.insert(id, records.push_branch(&children)?);
        }
        self.root = advance.root.map(|id| (id, self.take(id, &mut nodes)));
        advance.left_behind.into_iter().for_each(|node| records.forget(node));
        self.forget_ahead(records);
        Ok(())
    }

    /// What is known of a page of the new state.
    fn take(&mut self, id: PageRef, nodes: &mut HashMap<PageRef, Node>) -> Node {
        nodes.remove(&id).unwrap_or_else(|| match self.ahead.remove(&id) {
            Some(Page::Leaf(place)) => Node::Leaf(place),
            _ => Node::Damaged,
        })
    }

    /// Forgets pages of states that no longer exist.
    pub fn forget_ahead(&mut self, records: &mut Records) {
        for page in mem::take(&mut self.ahead).into_values() {
            if let Page::Leaf(place) = page {
                records.forget(Node::Leaf(place));
            }
        }
    }
}

impl Records {
    /// Rewrites the records of these mirrors, which must be all of them, once most records are no longer needed.
    pub fn tidy<'m>(&mut self, mirrors: impl Iterator<Item = &'m mut Mirror>) -> Result<()> {
        if !self.is_wasteful() {
            return Ok(());
        }
        let mut anew = Records::default();
        let mut roots = Vec::new();
        for mirror in mirrors {
            mirror.forget_ahead(self);
            let root = match mirror.root {
                Some((id, node)) => Some((id, self.copy(node, &mut anew)?)),
                None => None,
            };
            roots.push((root, mirror));
        }
        for (root, mirror) in roots {
            mirror.root = root;
        }
        *self = anew;
        Ok(())
    }

    /// Copies the records of a page and of all below it.
    fn copy(&self, node: Node, to: &mut Records) -> Result<Node> {
        match node {
            Node::Damaged => Ok(Node::Damaged),
            Node::Leaf(place) => to.push(&self.load(place)?).map(Node::Leaf),
            Node::Branch(place) => {
                let children = self.children(place)?.into_iter().map(|(id, node)| Ok((id, self.copy(node, to)?)));
                let children = children.collect::<Result<Vec<_>>>()?;
                to.push_branch(&children)
            }
        }
    }
}

impl Advance {
    /// The entries that differ in the new state, in the order of the keys.
    pub fn differences<'r>(&self, records: &'r Records) -> Differences<'r> {
        Differences::new(records, self.old.clone(), self.new.clone())
    }

    /// Whether something could not be read, on either side, of what differs.
    pub fn has_unknown(&self) -> [bool; 2] {
        self.has_unknown
    }
}

/// The pages of one level of a state, in order, and leaves above it.
type Level<N> = Vec<(PageRef, N)>;

/// A comparison of two trees, level by level from the root.
struct Reading<'r> {
    mirror: &'r mut Mirror,
    walk: Walk<'r>,
    remember: &'r Remember<'r>,
    records: &'r mut Records,
    damaged: Damaged,
    advance: Advance,
    old: Level<Node>,
    /// Pages known to be leaves have a record.
    new: Level<Option<Place>>,
}

impl Reading<'_> {
    fn run(&mut self) -> Result<()> {
        let mut heights = self.heights()?;
        loop {
            self.share()?;
            let is_open = [
                self.old.iter().any(|(_, node)| !matches!(node, Node::Leaf(_))),
                self.new.iter().any(|(_, leaf)| leaf.is_none()),
            ];
            if is_open == [false; 2] {
                break;
            }
            // Both sides are at the same height above the leaves, so that shared pages meet.
            let [old, new] = heights;
            if old >= new || !is_open[1] {
                self.expand_old()?;
                heights[0] = old.saturating_sub(1);
            }
            if new >= old || !is_open[0] {
                self.expand_new()?;
                heights[1] = new.saturating_sub(1);
            }
        }
        let leaf = |node: Node| if let Node::Leaf(place) = node { Some(place) } else { None };
        self.advance.old = self.old.iter().filter_map(|(_, node)| leaf(*node)).collect();
        self.advance.left_behind.extend(self.old.drain(..).map(|(_, node)| node));
        self.advance.new = self.new.drain(..).filter_map(|(_, place)| place).collect();
        Ok(())
    }

    /// The number of levels above the leaves, on both sides. A sound tree has the same height everywhere; in any other
    /// tree fewer shared pages may be found.
    fn heights(&mut self) -> Result<[usize; 2]> {
        let mut left = Vec::new();
        let mut next = self.mirror.root;
        while let Some((id, node)) = next {
            left.push(id);
            next = match node {
                Node::Branch(place) => self.records.children(place)?.first().copied(),
                _ => None,
            };
        }
        let old = left.len().saturating_sub(1);
        let Some(mut at) = self.advance.root else { return Ok([old, 0]) };
        let passes_by = self.damaged == Damaged::PassBy;
        for depth in 0..MAX_DEPTH {
            if let Some(n) = left.iter().position(|id| *id == at) {
                return Ok([old, depth + old - n]);
            }
            match self.page(at) {
                Ok(Page::Branch(children)) => at = children[0],
                Ok(Page::Leaf(_)) => return Ok([old, depth]),
                Err(Error::Damaged(_)) if passes_by => break,
                Err(error) => return Err(error),
            }
        }
        Ok([old, old])
    }

    /// Sets aside the pages that both sides share.
    fn share(&mut self) -> Result<()> {
        let old: HashMap<PageRef, Node> = self.old.iter().copied().collect();
        let advance = &mut self.advance;
        let before = advance.shared.len();
        let mut twice = None;
        self.new.retain(|(id, leaf)| {
            let Some(node) = old.get(id) else { return true };
            advance.shared.insert(*id, *node);
            if leaf.is_none()
                && let Err(error) = self.walk.reach(id.page)
            {
                twice = Some(error);
            }
            false
        });
        if advance.shared.len() > before {
            self.old.retain(|(id, _)| !advance.shared.contains_key(id));
        }
        twice.map_or(Ok(()), |error| self.pass_by(error))
    }

    fn expand_old(&mut self) -> Result<()> {
        for (id, node) in mem::take(&mut self.old) {
            match node {
                Node::Leaf(_) => self.old.push((id, node)),
                Node::Damaged => self.advance.has_unknown[0] = true,
                Node::Branch(place) => {
                    self.old.extend(self.records.children(place)?);
                    self.advance.left_behind.push(node);
                }
            }
        }
        Ok(())
    }

    fn expand_new(&mut self) -> Result<()> {
        for (id, leaf) in mem::take(&mut self.new) {
            if leaf.is_some() {
                self.new.push((id, leaf));
                continue;
            }
            let page = match self.walk.reach(id.page) {
                Ok(()) => self.page(id),
                Err(error) => Err(error),
            };
            match page {
                Ok(Page::Leaf(place)) => {
                    let place = *place;
                    self.new.push((id, Some(place)));
                }
                Ok(Page::Branch(children)) => {
                    let children = children.clone();
                    self.new.extend(children.into_iter().map(|id| (id, None)));
                    self.advance.branches.push(id);
                }
                Err(error) => self.pass_by(error)?,
            }
        }
        Ok(())
    }

    /// Skips a damaged page if the caller wants that.
    fn pass_by(&mut self, error: Error) -> Result<()> {
        match error {
            Error::Damaged(damage) if self.damaged == Damaged::PassBy => {
                self.advance.damage.push(damage);
                self.advance.has_unknown[1] = true;
                Ok(())
            }
            error => Err(error),
        }
    }

    /// A page of the new state, read once.
    fn page(&mut self, id: PageRef) -> Result<&Page> {
        if !self.mirror.ahead.contains_key(&id) {
            let page = self.read(id)?;
            self.mirror.ahead.insert(id, page);
        }
        Ok(&self.mirror.ahead[&id])
    }

    fn read(&mut self, at: PageRef) -> Result<Page> {
        let page = self.walk.read(at)?;
        if page.is_leaf() {
            let mut leaf = Vec::new();
            for n in 0..page.count() {
                push_piece(&mut leaf, |leaf| leaf.extend_from_slice(page.key(n)));
                push_piece(&mut leaf, |leaf| (self.remember)(page.value(n), leaf));
            }
            Ok(Page::Leaf(self.records.push(&leaf)?))
        } else {
            Ok(Page::Branch(page.children_from(0).into()))
        }
    }
}
