import { fill } from "../config-text.ts";
import type { Cli, ConfigRecipe, DeviceState, SessionContext, SimPlatform } from "../platform.ts";

/** The only file this host has of interest; its "configuration". */
const configPath = "/etc/network/interfaces";

function hostname(device: DeviceState): string {
	return device.name;
}

function files(device: DeviceState): Record<string, string> {
	return {
		[configPath]: device.running,
		"/etc/hostname": `${hostname(device)}\n`,
		"/etc/os-release": `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\n`,
	};
}

/** A small shell: enough for facts and files. Real shells are the OpenSSH host's part. */
function start(session: SessionContext): Cli {
	const { device, terminal } = session;
	let status = 0;

	async function run(line: string): Promise<boolean> {
		const [command = "", ...args] = line.split(/\s+/);
		status = 0;
		switch (command) {
			case "exit":
			case "logout":
				await terminal.print("logout\n");
				return false;
			case "cat":
				for (const path of args) {
					const text = files(device)[path];
					if (text === undefined) {
						status = 1;
						await terminal.print(`cat: ${path}: No such file or directory\n`);
					} else if (path === configPath) await session.showConfig(text);
					else await terminal.print(text);
				}
				break;
			case "hostname":
				await terminal.print(`${hostname(device)}\n`);
				break;
			case "uname":
				await terminal.print(
					args[0] === "-r"
						? "6.1.0-25-amd64\n"
						: `Linux ${hostname(device)} 6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26) x86_64 GNU/Linux\n`,
				);
				break;
			case "echo":
				await terminal.print(
					`${args
						.join(" ")
						.replaceAll("$?", String(status))
						.replace(/^(['"])(.*)\1$/, "$2")}\n`,
				);
				break;
			case "stty":
			case "export":
			case "unset":
			case "true":
				break;
			default:
				status = 127;
				await terminal.print(`-bash: ${command}: command not found\n`);
		}
		return true;
	}

	return {
		greeting: `Linux ${hostname(device)} 6.1.0-25-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.106-3 (2024-08-26) x86_64\n\nThe programs included with the Debian GNU/Linux system are free software.\nLast login: Mon Nov  2 08:15:01 2026 from 10.0.0.9\n`,
		// Debian's bash announces pasted text and sets the window's title.
		prompt: () =>
			`\x1b[?2004h\x1b]0;${session.username}@${hostname(device)}: ~\x07${session.username}@${hostname(device)}:~$ `,
		async run(line) {
			await terminal.print("\x1b[?2004l\r");
			const trimmed = line.trim();
			return trimmed === "" || trimmed === "\x1a" ? true : run(trimmed);
		},
	};
}

function createConfig({ bytes, password, random }: ConfigRecipe): string {
	const out = [
		"# The loopback network interface",
		"auto lo",
		"iface lo inet loopback",
		"",
		"auto eth0",
		"iface eth0 inet static",
		`    address ${random.ip()}/24`,
		"    gateway 10.0.0.1",
		`    wpa-psk ${password}`,
	];
	fill(out, bytes, () => `    up ip route add ${random.ip()}/32 via 10.0.0.1`);
	return `${out.join("\n")}\n`;
}

export const linux: SimPlatform = {
	id: "linux",
	short_name: "linux",
	terminal: { more: () => "--More--", eraseMore: "\r        \r" },
	pages: false,
	ssh_ident: "OpenSSH_9.2p1 Debian-2+deb12u3",
	login_banner: "",
	config_error: `cat: ${configPath}: Permission denied\n`,
	createConfig,
	applyLines: (config, lines) => `${config.trimEnd()}\n${lines.join("\n")}\n`,
	withText: (config, lines) => `${lines.map((line) => `# ${line}\n${line}`).join("\n")}\n${config}`,
	start,
};
