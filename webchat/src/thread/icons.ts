/** Icons of a conversation. */
export const ROW_ICONS = {
  clock: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  sent: "M5 12.5l4.5 4.5L19 7.5",
  delivered: "M2.5 12.5l4.5 4.5 9-9.5M12 16l1 1 9-9.5",
  read: "M2.5 12.5l4.5 4.5 9-9.5M12 16l1 1 9-9.5",
  alert: "M12 7v6M12 16.5v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  down: "M6 9l6 6 6-6",
  reply: "M10 8V4l-7 7 7 7v-4c5 0 8 1.5 11 6-.5-7-4-12-11-12z",
} as const;
