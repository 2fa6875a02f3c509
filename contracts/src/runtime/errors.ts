import { defineErrors } from "../kernel/errors.ts";

/** Errors of what every service stands on: starting up, and the vault that keeps secrets. */
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
});
