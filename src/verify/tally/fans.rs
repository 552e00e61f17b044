//! Fans by number: a compact table that gives each fan a place and counts their units there.

/// Fans seen so far. A fan's place never changes, so claims keep it instead of the fan.
#[derive(Default)]
pub(super) struct Fans {
    numbers: Vec<u64>,
    units: Vec<u32>,
    /// Places plus one, by hash; 0 is empty. A power of two, at most half full.
    slots: Vec<u32>,
}

/// Spreads a fan's number over all bits: a multiplication by 2^64 over the golden ratio.
fn spread(fan: u64) -> usize {
    let product = fan.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (product ^ (product >> 32)) as usize
}

impl Fans {
    /// The fan's place, given now if it is new.
    pub(super) fn place(&mut self, fan: u64) -> u32 {
        if self.slots.len() < (self.numbers.len() + 1) * 2 {
            self.grow();
        }
        let slot = self.slot(fan);
        if self.slots[slot] == 0 {
            self.numbers.push(fan);
            self.units.push(0);
            self.slots[slot] = self.numbers.len() as u32;
        }
        self.slots[slot] - 1
    }

    /// The slot that holds a fan, or the empty one where it belongs.
    fn slot(&self, fan: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = spread(fan) & mask;
        while let place @ 1.. = self.slots[slot]
            && self.numbers[place as usize - 1] != fan
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 2).max(64)];
        for place in 0..self.numbers.len() {
            let slot = self.slot(self.numbers[place]);
            self.slots[slot] = place as u32 + 1;
        }
    }

    /// The fan at a place.
    pub(super) fn number(&self, place: u32) -> u64 {
        self.numbers[place as usize]
    }

    /// Units the fan at a place holds or has settled.
    pub(super) fn units(&mut self, place: u32) -> &mut u32 {
        &mut self.units[place as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fan_has_one_place_and_keeps_it() {
        let mut fans = Fans::default();
        for fan in (1..=5_000_u64).map(|n| n * 4_096) {
            let place = fans.place(fan);
            *fans.units(place) += 1;
        }
        for (at, fan) in (1..=5_000_u64).map(|n| n * 4_096).enumerate() {
            assert_eq!(fans.place(fan), at as u32);
            assert_eq!(fans.number(at as u32), fan);
            assert_eq!(*fans.units(at as u32), 1);
        }
    }
}
