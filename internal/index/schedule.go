package index

// Who reads which files.

import "sync"

// schedule deals out work to workers. Each has a range of neighbouring batches,
// about as many bytes as any other's, and takes them from the front; who is
// done takes from the back of the range with most left. So neighbouring files,
// which share many names, land in one segment, and all workers end together.
type schedule struct {
	mu      sync.Mutex
	batches []batch
	ranges  [][2]int // batches left to each worker
}

// batch is the run of jobs from lo up to hi.
type batch struct {
	lo, hi int
	bytes  int64
}

// batchBytes is about how many bytes a batch has: enough to make the lock
// cheap, so little that the end is shared evenly.
const batchBytes = 1 << 20

func newSchedule(workers, jobs int, size func(job int) int64) *schedule {
	s := &schedule{}
	total := int64(0)
	b := batch{}
	for i := range jobs {
		n := size(i) + 512 // even an empty file takes a moment
		b.bytes += n
		total += n
		b.hi = i + 1
		if b.bytes >= batchBytes {
			s.batches = append(s.batches, b)
			b = batch{lo: i + 1, hi: i + 1}
		}
	}
	if b.hi > b.lo {
		s.batches = append(s.batches, b)
	}
	from, sum := 0, int64(0)
	for w := range workers {
		to := from
		for to < len(s.batches) && (w == workers-1 || sum < total*int64(w+1)/int64(workers)) {
			sum += s.batches[to].bytes
			to++
		}
		s.ranges = append(s.ranges, [2]int{from, to})
		from = to
	}
	return s
}

// next returns the next batch for a worker.
func (s *schedule) next(worker int) (batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := &s.ranges[worker]; r[0] < r[1] {
		r[0]++
		return s.batches[r[0]-1], true
	}
	victim, most := -1, 0
	for w, r := range s.ranges {
		if n := r[1] - r[0]; n > most {
			victim, most = w, n
		}
	}
	if victim < 0 {
		return batch{}, false
	}
	r := &s.ranges[victim]
	r[1]--
	return s.batches[r[1]], true
}
