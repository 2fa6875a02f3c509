import { defineErrors } from "../kernel/errors.ts";

/** Errors of what every service stands on: starting up, the vault that keeps secrets, requests to the world outside. */
export const runtimeErrors = defineErrors({
	"startup.no_database": { kind: "unavailable", title: "A service has no database" },
	"startup.address_unusable": { kind: "conflict", title: "The server cannot listen on its address" },
	"startup.config_invalid": { kind: "invalid", title: "The configuration is not valid" },
	"startup.master_key_invalid": { kind: "invalid", title: "The master key cannot be used" },
	"startup.master_key_missing": { kind: "conflict", title: "The master key of the stored data is missing" },
	"startup.master_key_wrong": { kind: "conflict", title: "The stored data keys belong to another master key" },
	"startup.data_dir_unusable": { kind: "conflict", title: "The data directory cannot be used" },
	"startup.data_dir_in_use": { kind: "conflict", title: "Another NetConductor uses this data directory" },
	"startup.database_failed": { kind: "unavailable", title: "The database cannot be used" },
	"startup.schema_too_new": { kind: "conflict", title: "The database belongs to a newer version" },
	"startup.migration_changed": { kind: "conflict", title: "A migration differs from the one that was applied" },
	"vault.cannot_open": { kind: "internal", title: "A stored secret cannot be opened" },
	"vault.unknown_key": { kind: "internal", title: "A stored secret names a data key that does not exist" },
	"vault.rotation_running": { kind: "conflict", title: "A key rotation is running already", retryable: true },
	"outbound.refused": { kind: "forbidden", title: "The address may not be asked" },
	"outbound.bad_request": { kind: "invalid", title: "The request cannot be sent" },
	"outbound.unresolved": { kind: "unavailable", title: "The host name has no address", retryable: true },
	"outbound.unreachable": { kind: "unavailable", title: "The server outside cannot be reached", retryable: true },
	"outbound.untrusted": { kind: "unavailable", title: "The certificate of the server outside is not trusted" },
	"outbound.timeout": { kind: "timeout", title: "The server outside did not answer in time", retryable: true },
	"outbound.too_large": { kind: "unavailable", title: "The answer of the server outside is too large" },
	"outbound.too_many_redirects": { kind: "unavailable", title: "The server outside redirects too often" },
	"outbound.bad_answer": { kind: "unavailable", title: "The answer of the server outside cannot be read" },
	"outbound.unexpected_answer": { kind: "conflict", title: "The server outside did not answer as expected" },
});
