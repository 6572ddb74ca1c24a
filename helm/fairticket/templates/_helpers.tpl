{{- define "fairticket.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "fairticket.labels" -}}
app.kubernetes.io/part-of: fairticket
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "fairticket.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "fairticket.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "fairticket.env" -}}
- configMapRef: {name: {{ .Release.Name }}-settings}
- secretRef: {name: {{ .Values.secretName }}}
{{- end }}

{{/* A Deployment. Takes root, name, component, args, replicas, resources, port, probe, ledger. */}}
{{- define "fairticket.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels:
    {{- include "fairticket.labels" .root | nindent 4 }}
    app.kubernetes.io/name: {{ .name }}
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/instance: {{ .root.Release.Name }}
      app.kubernetes.io/name: {{ .name }}
  template:
    metadata:
      labels:
        {{- include "fairticket.labels" .root | nindent 8 }}
        app.kubernetes.io/name: {{ .name }}
      annotations:
        checksum/settings: {{ toJson .root.Values.settings | sha256sum }}
        {{- if .metrics }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .metrics | quote }}
        {{- end }}
    spec:
      serviceAccountName: {{ .root.Release.Name }}
      automountServiceAccountToken: {{ .root.Values.serviceAccount.create }}
      terminationGracePeriodSeconds: 60
      securityContext:
        {{- include "fairticket.podSecurity" .root | nindent 8 }}
      containers:
        - name: {{ .name }}
          image: {{ include "fairticket.image" .root | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: {{ toJson .args }}
          envFrom:
            {{- include "fairticket.env" .root | nindent 12 }}
          {{- if .port }}
          ports:
            - {name: http, containerPort: {{ .port }}}
          {{- end }}
          {{- with .live }}
          livenessProbe: {{ toJson . }}
          {{- end }}
          {{- with .ready }}
          readinessProbe: {{ toJson . }}
          {{- end }}
          resources: {{ toJson .resources }}
          securityContext:
            {{- include "fairticket.containerSecurity" .root | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- if .ledger }}
            - {name: ledger, mountPath: {{ .root.Values.settings.FAIRTICKET_LEDGER_FOLDER }}, readOnly: {{ eq .ledger "read" }}}
            {{- end }}
      volumes:
        - {name: tmp, emptyDir: {}}
        {{- if .ledger }}
        - name: ledger
          persistentVolumeClaim: {claimName: {{ .root.Release.Name }}-ledger}
        {{- end }}
{{- end }}

{{/* A HorizontalPodAutoscaler for the Deployment of the same name. Takes root, name, min, max. */}}
{{- define "fairticket.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels:
    {{- include "fairticket.labels" .root | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ .root.Release.Name }}-{{ .name }}}
  minReplicas: {{ .min }}
  maxReplicas: {{ .max }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .root.Values.autoscaling.cpuPercent }}}}
{{- end }}
