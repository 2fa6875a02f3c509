import { NewPassword } from "@netconductor/contracts/auth/model";
import { defineConfig } from "@netconductor/runtime/config";
import { z } from "zod";

export const AuthConfig = defineConfig(
	"auth",
	z.object({
		admin_password: NewPassword.optional().meta({
			secret: true,
			description:
				"Password of the user `admin`, used at the first start only. Without it one is generated and must be changed at the first sign-in.",
		}),
		public_url: z
			.url({ protocol: /^https?$/ })
			.optional()
			.meta({
				description:
					"Address at which people open the web app, such as `https://netconductor.example.org`. Passkeys belong to its name: browsers take them over HTTPS (or at `http://localhost`) only, never at an IP address, and not at another name.",
				shown_default: "`http://localhost` with the port, where the API is served by the same process",
			}),
		breached_passwords_path: z.string().min(1).optional().meta({
			description:
				"File of passwords known from breaches, which nobody may choose: the SHA-1 list of Have I Been Pwned, ordered by hash, one `HASH:COUNT` a line. Nothing is asked over the network.",
		}),
	}),
	{ aliases: { admin_password: "NETCONDUCTOR_ADMIN_PASSWORD", public_url: "NETCONDUCTOR_PUBLIC_URL" } },
);
