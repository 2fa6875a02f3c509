import {
	DeviceName,
	DeviceTypeId,
	GroupName,
	Host,
	NewCredential,
	NewDevice,
	Port,
	Tag,
} from "@netconductor/contracts/devices/model";
import { nearestName } from "@netconductor/runtime/nearest-name";
import { z } from "zod";

const { site, worker_pool, description, username, password, enable_password } = NewDevice.shape;

/** Everything that a row of an import may say about a device. Absent = as it is, or for a new device the default. */
export const ImportRow = z.object({
	name: DeviceName,
	host: Host.optional(),
	port: Port.optional(),
	device_type: DeviceTypeId.optional(),
	/** Name of a stored credential. */
	credential: NewCredential.shape.name.optional(),
	/** Name of the device through which this one is reached. */
	jump_host: DeviceName.nullable().optional(),
	username,
	password,
	enable_password,
	tags: z.array(Tag).max(100).optional(),
	groups: z.array(GroupName).max(100).optional(),
	site: site.unwrap().optional(),
	worker_pool: worker_pool.unwrap().optional(),
	description: description.unwrap().optional(),
	enabled: z.boolean().optional(),
	legacy_algorithms: z.boolean().optional(),
});
export type ImportRow = z.output<typeof ImportRow>;
export type ImportField = keyof ImportRow;

const importFields = Object.keys(ImportRow.shape) as ImportField[];

/** What an export holds: everything but the logins, in this order. */
export const exportFields = [
	"name",
	"host",
	"port",
	"device_type",
	"credential",
	"jump_host",
	"tags",
	"groups",
	"site",
	"worker_pool",
	"description",
	"enabled",
	"legacy_algorithms",
] as const satisfies ImportField[];

/** Where a row stands in its file. */
export interface Place {
	/** From 1, after the header. */
	row: number;
	line: number;
}

/** One row as it was found: values by field, not yet checked. */
export interface FoundRow extends Place {
	values: Map<ImportField, unknown>;
}

export function isImportField(name: string): name is ImportField {
	return Object.hasOwn(ImportRow.shape, name);
}

/** The field that a header or key stands for: as `columns` says, else by its name. "" = to be left out; undefined = none. */
export function fieldOf(header: string, columns: Readonly<Record<string, string>>): ImportField | "" | undefined {
	const name = Object.hasOwn(columns, header) ? columns[header] : header;
	if (name === "") return header === "" ? undefined : "";
	const plain = (name ?? "").trim().toLowerCase().replaceAll(/[ -]/g, "_");
	return isImportField(plain) ? plain : undefined;
}

/** What to say about a header or key that stands for nothing. */
export function unknownField(header: string): string {
	const meant = nearestName(header.slice(0, 60), importFields);
	return `There is no field "${header.slice(0, 60)}"${meant === undefined ? "" : `; ${meant} may be meant`}. Name the field in columns, or "" to leave this out`;
}
