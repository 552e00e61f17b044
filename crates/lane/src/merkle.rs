//! Merkle trees over SHA-256. A node is the hash of the byte 1 and its two children; a node
//! without a sibling moves up as it is. Leaves are hashed with the byte 0 in front
//! ([`crate::leaf_hash`]), so that no node can pass for a leaf. The root is the hash of the byte
//! 2, the number of leaves (4 bytes, big-endian) and the top node, so that no place in a tree can
//! pass for a place in a smaller one.

use crate::row::Hash;
use crate::sha::{sha256, sha256_each};
use alloc::vec::Vec;

const NODE: u8 = 1;
const CROWN: u8 = 2;

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[NODE], left, right])
}

/// The level above this one of several trees, whose nodes stand one tree behind the other; each is
/// so wide, before and after. All are hashed at once: a small tree's own levels are narrower than
/// what a processor hashes side by side.
fn above(level: &[Hash], widths: &mut [usize]) -> Vec<Hash> {
    let mut pairs: Vec<&[u8]> = Vec::with_capacity(level.len() / 2);
    let mut rest = level;
    for width in widths.iter() {
        let (tree, others) = rest.split_at(*width);
        pairs.extend(tree.chunks_exact(2).map(<[Hash]>::as_flattened));
        rest = others;
    }
    let nodes = sha256_each(&[NODE], &pairs);
    let mut above = Vec::with_capacity(level.len() - nodes.len());
    let (mut rest, mut nodes) = (level, &nodes[..]);
    for width in widths {
        let (tree, others) = rest.split_at(*width);
        let (own, more) = nodes.split_at(*width / 2);
        above.extend_from_slice(own);
        above.extend_from_slice(tree.chunks_exact(2).remainder());
        (rest, nodes, *width) = (others, more, width.div_ceil(2));
    }
    above
}

/// What a root is the hash of, behind the byte 2.
fn crown(count: usize, top: &Hash) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..4].copy_from_slice(&(count as u32).to_be_bytes());
    bytes[4..].copy_from_slice(top);
    bytes
}

fn crowned(count: usize, top: &Hash) -> Hash {
    sha256(&[&[CROWN], &crown(count, top)])
}

/// The root over leaves; zeros stand for the top node where there are none.
pub fn root(leaves: Vec<Hash>) -> Hash {
    let count = leaves.len();
    roots(leaves, &[count]).pop().unwrap_or_default()
}

/// The roots over several lists of leaves, which stand one behind the other; so many are in each.
pub(crate) fn roots(mut level: Vec<Hash>, counts: &[usize]) -> Vec<Hash> {
    let mut widths = counts.to_vec();
    while widths.iter().any(|width| *width > 1) {
        level = above(&level, &mut widths);
    }
    let mut tops = level.into_iter();
    let top = |width: usize| if width > 0 { tops.next() } else { None };
    let tops = widths.into_iter().map(top).map(Option::unwrap_or_default);
    let crowns: Vec<_> = counts.iter().zip(tops).map(|(count, top)| crown(*count, &top)).collect();
    let crowns: Vec<&[u8]> = crowns.iter().map(|crown| &crown[..]).collect();
    sha256_each(&[CROWN], &crowns)
}

/// The siblings from a leaf up to the root.
pub fn path(leaves: Vec<Hash>, index: usize) -> Vec<Hash> {
    Tree::over(leaves).path(index)
}

/// A tree whose nodes are all kept: for those who want the paths of many leaves.
pub(crate) struct Tree {
    /// The leaves, then each level above, up to the top node.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Over these leaves.
    pub(crate) fn over(leaves: Vec<Hash>) -> Self {
        let mut width = leaves.len();
        let mut levels = alloc::vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            levels.push(above(level, core::slice::from_mut(&mut width)));
        }
        Self { levels }
    }

    /// Its root, as [`root`] gives it.
    pub(crate) fn root(&self) -> Hash {
        let count = self.levels.first().map_or(0, Vec::len);
        let top = self.levels.last().and_then(|level| level.first());
        crowned(count, &top.copied().unwrap_or_default())
    }

    /// The siblings from a leaf up to the root.
    pub(crate) fn path(&self, index: usize) -> Vec<Hash> {
        let below_top = self.levels.iter().take(self.levels.len().saturating_sub(1));
        let sibling =
            |(height, level): (usize, &Vec<Hash>)| level.get(index >> height ^ 1).copied();
        // It is kept for as long as its row is: no larger than it must be.
        let mut path = Vec::with_capacity(below_top.len());
        path.extend(below_top.enumerate().filter_map(sibling));
        path
    }
}

/// The root that a leaf at `index` of `count` and its siblings lead to; none if the number of
/// siblings does not fit.
pub fn check_path(leaf: Hash, mut index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    let mut siblings = path.iter();
    let mut hash = leaf;
    let mut level = count;
    while level > 1 {
        if index ^ 1 < level {
            let sibling = siblings.next()?;
            hash =
                if index.is_multiple_of(2) { node(&hash, sibling) } else { node(sibling, &hash) };
        }
        index /= 2;
        level = level.div_ceil(2);
    }
    siblings.next().is_none().then(|| crowned(count, &hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::leaf_hash;

    #[test]
    fn each_leaf_leads_to_the_root_and_no_other_does() {
        for count in 1..=33_usize {
            let leaves: Vec<Hash> = (0..count).map(|n| leaf_hash(&[n as u8])).collect();
            let top = root(leaves.clone());
            for index in 0..count {
                let siblings = path(leaves.clone(), index);
                assert_eq!(Tree::over(leaves.clone()).root(), top);
                assert_eq!(check_path(leaves[index], index, count, &siblings), Some(top));
                let other = leaf_hash(&[200]);
                assert_ne!(check_path(other, index, count, &siblings), Some(top));
                let wrong = check_path(leaves[index], (index + 1) % count, count, &siblings);
                assert!(count == 1 || wrong != Some(top), "{index} of {count}");
                for (at, of) in [(index, count + 1), (index / 2, count.div_ceil(2))] {
                    let wrong = check_path(leaves[index], at, of, &siblings);
                    assert!(of == count || wrong != Some(top), "{index} of {count} as {at}");
                }
            }
        }
    }
}
