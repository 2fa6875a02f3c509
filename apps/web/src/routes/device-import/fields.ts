/** Fields that a row of an import may have, as the API names them, with what people call them. */
export const importFields = {
	name: "Name",
	host: "Address",
	device_type: "Type",
	port: "SSH port",
	credential: "Credential (its name)",
	username: "User name",
	password: "Password",
	enable_password: "Enable password",
	jump_host: "Jump host (its name)",
	tags: "Tags (separated by ;)",
	groups: "Groups (separated by ;)",
	site: "Site",
	worker_pool: "Worker pool",
	description: "Description",
	enabled: "Enabled",
	legacy_algorithms: "Outdated SSH algorithms",
} as const;
export type ImportField = keyof typeof importFields;

/** Headers of other tools that mean a field, without blanks, signs and case. */
const others: Record<ImportField, readonly string[]> = {
	name: ["devicename", "device", "hostname", "sysname", "node", "nodename", "label"],
	host: [
		"ip",
		"ipaddress",
		"address",
		"mgmtip",
		"mgmt",
		"managementip",
		"managementaddress",
		"primaryip",
		"primaryip4",
		"fqdn",
		"dnsname",
	],
	device_type: ["type", "platform", "os", "ostype", "driver", "networkos", "ansiblenetworkos", "nos"],
	port: ["sshport", "tcpport"],
	credential: ["credentials", "credentialname"],
	username: ["user", "login", "loginname"],
	password: ["pass", "passwd", "pwd"],
	enable_password: ["enable", "enablesecret", "secret"],
	jump_host: ["jump", "proxy", "proxyjump", "bastion", "via"],
	tags: ["tag", "labels"],
	groups: ["group", "devicegroup", "devicegroups"],
	site: ["location", "building", "sitename"],
	worker_pool: ["pool", "workers"],
	description: ["desc", "comment", "comments", "note", "notes", "remark", "remarks"],
	enabled: ["active", "isenabled"],
	legacy_algorithms: ["legacy", "oldalgorithms"],
};

function plain(header: string): string {
	return header.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Which field each header most likely stands for; "" for none. A field is guessed for one header at most, its own name before other words. */
export function guessFields(headers: readonly string[]): Record<string, ImportField | ""> {
	const fields = Object.keys(importFields) as ImportField[];
	const guessed = new Map<string, ImportField>();
	const taken = new Set<ImportField>();
	const take = (matches: (header: string, field: ImportField) => boolean) => {
		for (const field of fields) {
			if (taken.has(field)) continue;
			const header = headers.find((one) => !guessed.has(one) && matches(plain(one), field));
			if (header === undefined) continue;
			guessed.set(header, field);
			taken.add(field);
		}
	};
	take((header, field) => header === plain(field));
	take((header, field) => others[field].includes(header));
	return Object.fromEntries(headers.map((header) => [header, guessed.get(header) ?? ""]));
}

const secret = new Set<ImportField | "">(["password", "enable_password"]);

/** Whether what stands in a column is not to be shown. What looks like a password is none of the screen's business either. */
export function isSecret(header: string, field: ImportField | ""): boolean {
	return secret.has(field) || /pass|secret|pwd|token|key/i.test(header);
}

/** An empty file to fill in: all columns, and one device to show what belongs into them. */
export const template = [
	"name,host,device_type,port,credential,username,password,enable_password,jump_host,tags,groups,site,worker_pool,description,enabled,legacy_algorithms",
	"core-1,192.0.2.7,cisco_ios,22,,admin,change me,,,core;critical,Backbone,Berlin,,First floor,true,false",
	"",
].join("\r\n");
