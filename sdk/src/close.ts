/** Close codes that a page may want to name. The range alone decides what happens next. */
export const CLOSE = {
  normal: 1000,
  abnormal: 1006,
  tooBig: 1009,
  tryLater: 1013,
  forbidden: 4003,
  noSuchConversation: 4004,
  endedLongAgo: 4005,
  tenantDisabled: 4006,
  superseded: 4007,
  connectionLimit: 4010,
  expired: 4300,
  invalidToken: 4301,
} as const;
