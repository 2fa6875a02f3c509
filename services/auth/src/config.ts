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
		breached_passwords_path: z.string().min(1).optional().meta({
			description:
				"File of passwords known from breaches, which nobody may choose: the SHA-1 list of Have I Been Pwned, ordered by hash, one `HASH:COUNT` a line. Nothing is asked over the network.",
		}),
	}),
	{ aliases: { admin_password: "NETCONDUCTOR_ADMIN_PASSWORD" } },
);
