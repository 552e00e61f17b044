//! A claim's id as the API writes it: lane, row, index, with dashes.

use std::io::Write as _;

use super::asks::ClaimPlace;

/// Reads an id: the lane's number and the place.
pub fn read(id: &[u8]) -> Option<(u32, ClaimPlace)> {
    let mut parts = id.split(|&byte| byte == b'-').map(number);
    let (lane, seq, index) = (parts.next()??, parts.next()??, parts.next()??);
    let place = ClaimPlace { seq: u32::try_from(seq).ok()?, index: u16::try_from(index).ok()? };
    parts.next().is_none().then_some((u32::try_from(lane).ok()?, place))
}

/// Appends an id.
pub fn write(lane: u32, place: ClaimPlace, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{lane}-{}-{}", place.seq, place.index);
}

/// A plain decimal number.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let place = ClaimPlace { seq: 4_000_000, index: 4_095 };
        let mut id = Vec::new();
        write(7, place, &mut id);
        assert_eq!((&id[..], read(&id)), (&b"7-4000000-4095"[..], Some((7, place))));
        for wrong in ["", "7", "7-1", "7-1-2-3", "7-1-x", "7-1-70000", "7--1"] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
