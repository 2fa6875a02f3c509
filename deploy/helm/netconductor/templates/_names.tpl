{{- define "netconductor.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "netconductor.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "netconductor.labels" -}}
{{ include "netconductor.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "netconductor.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "netconductor.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else if .Values.serviceAccount.create -}}
{{- include "netconductor.fullname" . -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{- /* Settings as environment variables. A secret in them would stand in every description of the pod. */ -}}
{{- define "netconductor.settings" -}}
{{- range $name, $value := . }}
{{- if regexMatch "PASSWORD|MASTER_KEY|TOKEN|(DATABASE|RABBITMQ|REDIS)_URL$" $name }}
{{- fail (printf "%s is a secret: put it into existingSecret" $name) }}
{{- end }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- /* Each becomes a Deployment: every target, and the worker once more for each pool. */ -}}
{{- define "netconductor.processes" -}}
processes:
{{- range $target := (.Files.Get "files/targets.yaml" | fromYaml).targets }}
  - name: {{ $target.name }}
    target: {{ $target.name }}
    pool: ""
    calls: [{{ join ", " $target.calls }}]
    database: {{ $target.database }}
    events: {{ $target.events }}
{{- if eq $target.name "worker" }}
{{- range $pool, $own := $.Values.workerPools }}
  - name: worker-{{ $pool }}
    target: worker
    pool: {{ $pool | quote }}
    calls: [{{ join ", " $target.calls }}]
    database: {{ $target.database }}
    events: {{ $target.events }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
