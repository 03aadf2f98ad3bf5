pub const N: i32 = 41;
