# Sourced by every task: proves by locks of the operating system that nobody else uses what the task has leased, and notes
# when it starts and ends. The locks are the kernel's: they last as long as any process of the task lives, and no longer.
# Descriptors 4 to 9 hold them. FAULTS_DIR is the folder of notes and locks, FAULTS_NODE the node.

note() { printf '%s\n' "$*" >> "$FAULTS_DIR/notes"; }
violated() { note "violation $(date +%s%N) $SIGNALBOX_RUN_ID $SIGNALBOX_TASK $SIGNALBOX_ATTEMPT $SIGNALBOX_LEASE $FAULTS_NODE $*"; }
moment() { note "$1 $(date +%s%N) $SIGNALBOX_RUN_ID $SIGNALBOX_TASK $SIGNALBOX_ATTEMPT $SIGNALBOX_LEASE $FAULTS_NODE"; }

next=4
take() {
  eval "exec $next>>\"\$1\""
  if flock -n "$next"; then next=$((next + 1)); return 0; fi
  eval "exec $next>&-"
  return 1
}

# The devices by their numbers: each is one lock.
hold_devices() {
  for device in $(echo "$CUDA_VISIBLE_DEVICES" | tr , ' '); do
    take "$FAULTS_DIR/locks/$FAULTS_NODE-device-$device" || violated "device $device of $FAULTS_NODE is in use"
  done
}

# What is only counted (name, how much there is, how much of it is ours): as many of that many locks. One task takes at a
# time, so that each which is granted its share finds it: what is seen taken was taken before.
hold() {
  exec 3>"$FAULTS_DIR/locks/$1.gate"
  flock 3
  wanted=$3
  number=0
  while [ "$wanted" -gt 0 ] && [ "$number" -lt "$2" ]; do
    take "$FAULTS_DIR/locks/$1-$number" && wanted=$((wanted - 1))
    number=$((number + 1))
  done
  exec 3>&-
  [ "$wanted" -eq 0 ] || violated "$1: more than $2 in use"
}

begin() {
  hold_devices
  case $1 in
    cores) hold "$FAULTS_NODE-cores" "$FAULTS_CORES" "$2" ;;
    slots) hold "$FAULTS_NODE-slots" "$FAULTS_SLOTS" "$2" ;;
  esac
  moment start
}

# What the task promised: itself, as a value and as a file.
finish() {
  echo "$SIGNALBOX_RUN_ID/$SIGNALBOX_TASK" > "$SIGNALBOX_DIR/file" || exit 1
  echo "{\"value\": \"$SIGNALBOX_RUN_ID/$SIGNALBOX_TASK\", \"file\": {\"\$file\": \"file\"}}" > "$SIGNALBOX_OUTPUT" || exit 1
  moment end
}

# What an earlier task promised is there (its name, its value, its file).
expect() {
  [ "$2" = "$SIGNALBOX_RUN_ID/$1" ] || violated "the value of $1 is \"$2\""
  [ "$(cat "$3")" = "$SIGNALBOX_RUN_ID/$1" ] || violated "the file of $1 holds something else"
}

# Works through steps of a quarter of a second, keeping each in the checkpoint; asked to leave, it goes at once.
train() {
  trap 'exit 1' TERM
  step=$(cat "$SIGNALBOX_CHECKPOINT_DIR/step" 2>/dev/null || echo 0)
  while [ "$step" -lt "$1" ]; do
    sleep 0.25
    step=$((step + 1))
    echo "$step" > "$SIGNALBOX_CHECKPOINT_DIR/next" && mv "$SIGNALBOX_CHECKPOINT_DIR/next" "$SIGNALBOX_CHECKPOINT_DIR/step" || exit 1
  done
}
