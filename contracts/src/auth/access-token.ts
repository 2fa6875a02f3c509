/**
 * How access tokens are signed and what a verifier must insist on. They carry `sub` (user), `sid` (session), `iat` and `exp`: who, never what they
 * may do, which `resolveActor` looks up at each use.
 */
export const accessToken = { algorithm: "EdDSA", issuer: "netconductor", audience: "netconductor" } as const;

/** API tokens begin with this, so that they are told from access tokens and recognised where they leaked. */
export const apiTokenPrefix = "nc_";
